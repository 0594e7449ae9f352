const firstYear = 1900
const lastYear = 2200

const dash = 0x2d
const colon = 0x3a
const point = 0x2e

/** The number that the two characters at `at` say, or NaN if they are not digits. */
const two = (text: string, at: number): number => {
  const tens = text.charCodeAt(at) - 0x30
  const ones = text.charCodeAt(at + 1) - 0x30
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : NaN
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39

const daysInMonth = (year: number, month: number): number =>
  month === 2
    ? (year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28)
    : month === 4 || month === 6 || month === 9 || month === 11
    ? 30
    : 31

/**
 * The instant that a text says, in milliseconds since the epoch (docs/design.md#values).
 *
 * The text has these parts:
 *
 * - `YYYY-MM-DD`, with a year from 1900 to 2200. The offset may move the instant a day outside;
 * - `T`, `t` or a space;
 * - `H:mm` or `HH:mm`;
 * - optionally `:ss`, and a fraction of any length, which is cut and not rounded;
 * - optionally `Z`, `z`, `±HH:MM` or `±HHMM`, up to ±23:59. Without it, the time is UTC.
 *
 * Undefined for any other text, a date that does not exist, hour 24 and second 60.
 */
export const parseTimestamp = (text: string): number | undefined => {
  const year = two(text, 0) * 100 + two(text, 2)
  const month = two(text, 5)
  const day = two(text, 8)
  if (!(year >= firstYear && year <= lastYear && month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month))) {
    return undefined
  }
  const separator = text[10]
  if (
    text.charCodeAt(4) !== dash || text.charCodeAt(7) !== dash ||
    (separator !== "T" && separator !== "t" && separator !== " ")
  ) return undefined

  const oneDigitHour = text.charCodeAt(12) === colon
  const hour = oneDigitHour && isDigit(text.charCodeAt(11)) ? text.charCodeAt(11) - 0x30 : two(text, 11)
  let at = oneDigitHour ? 12 : 13
  const minute = two(text, at + 1)
  const hasSeconds = text.charCodeAt(at + 3) === colon
  const second = hasSeconds ? two(text, at + 4) : 0
  if (!(hour <= 23 && minute <= 59 && second <= 59 && text.charCodeAt(at) === colon)) return undefined
  at += hasSeconds ? 6 : 3

  let millisecond = 0
  if (hasSeconds && text.charCodeAt(at) === point) {
    const start = ++at
    for (; isDigit(text.charCodeAt(at)); at++) {
      if (at - start < 3) millisecond = millisecond * 10 + text.charCodeAt(at) - 0x30
    }
    if (at === start) return undefined
    for (let digits = at - start; digits < 3; digits++) millisecond *= 10
  }

  const offset = offsetMinutes(text, at)
  return offset === undefined ? undefined : Date.UTC(year, month - 1, day, hour, minute - offset, second, millisecond)
}

/**
 * The minutes ahead of UTC that the text says from `at` to its end. Undefined if it is no offset.
 */
const offsetMinutes = (text: string, at: number): number | undefined => {
  const sign = text[at]
  if (sign === undefined) return 0
  if (sign === "Z" || sign === "z") return at + 1 === text.length ? 0 : undefined
  const hours = two(text, at + 1)
  const minutesAt = text.charCodeAt(at + 3) === colon ? at + 4 : at + 3
  const minutes = two(text, minutesAt)
  return (sign === "+" || sign === "-") && hours <= 23 && minutes <= 59 && minutesAt + 2 === text.length
    ? (hours * 60 + minutes) * (sign === "-" ? -1 : 1)
    : undefined
}
