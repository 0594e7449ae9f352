import type { OffsetChange } from "./offsetCalendar.ts"

/**
 * The offsets of a zone from a line of moment-timezone's packed data: name, abbreviations, offsets,
 * which offset holds between two changes, and the minutes from each change to the next. Numbers are
 * in base 60. The lines tell each change until 2499.
 */
export const unpackZone = (line: string): ReadonlyArray<OffsetChange> => {
  const [name = "", , offsets = "", order = "", minutes = ""] = line.split("|")
  // Of UTC less the zone's clock.
  const known = offsets.split(" ").map((text) => -Math.round(minutesOf(text) * 60) * 1000)
  let from = -Infinity
  const gaps = minutes === "" ? [] : minutes.split(" ")
  return [...order].map((digit, index): OffsetChange => {
    if (index > 0) {
      const seconds = Math.round(minutesOf(gaps[index - 1] ?? "") * 60)
      from = (from === -Infinity ? 0 : from) + seconds * 1000
    }
    const offset = known[minutesOf(digit)]
    if (offset === undefined || Number.isNaN(from)) throw new Error(`${name} cannot be read in the zone data`)
    return { from, offset: offset === 0 ? 0 : offset }
  })
}

const digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWX"

/** A number in base 60 with a sign and a fraction; NaN for other text. */
const minutesOf = (text: string): number => {
  const [, sign = "", whole = "", fraction = ""] = /^(-?)(\w*)(?:\.(\w+))?$/.exec(text) ?? []
  if (whole === "" && fraction === "") return Number.NaN
  let value = 0
  for (const digit of whole) value = value * 60 + digits.indexOf(digit)
  let part = 1
  for (const digit of fraction) value += digits.indexOf(digit) * (part /= 60)
  return sign === "-" ? -value : value
}
