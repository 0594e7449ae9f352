/** How many exact numbers have been asked for as JSON so far: tells whether a value has any. */
let seen = 0

/**
 * A number with all its digits, for amounts that a double does not hold.
 *
 * A double has 15 to 17 digits. `exact("12345678901234567.89")` is sent as it is written.
 */
export class ExactNumber {
  readonly text: string

  constructor(text: string) {
    if (!/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text)) throw new TypeError(`no number of JSON: ${text}`)
    this.text = text
  }

  /** The nearest double: for `JSON.stringify`, which has nothing better. `send` takes the text. */
  toJSON(): number {
    seen++
    return Number(this.text)
  }

  toString(): string {
    return this.text
  }
}

/** A number with all its digits, written as a decimal: `exact("0.1")`. */
export const exact = (text: string): ExactNumber => new ExactNumber(text)

/**
 * JSON text of a value, with every digit of its exact numbers.
 *
 * Throws a `TypeError` for a value that has no JSON: a function, a bigint, a circle.
 */
export const exactJson = (value: unknown): string => {
  const before = seen
  const text = JSON.stringify(value)
  if (text === undefined) throw new TypeError("the event has no JSON")
  return seen === before ? text : withDigits(value)
}

/** As `JSON.stringify` does it, which has tried the value before. */
const withDigits = (value: unknown): string => {
  if (value instanceof ExactNumber) return value.text
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null"
  if ("toJSON" in value && typeof value.toJSON === "function") return withDigits(value.toJSON())
  if (Array.isArray(value)) return `[${value.map(withDigits).join(",")}]`
  const members = Object.entries(value).filter(([, member]) => !["undefined", "function", "symbol"].includes(typeof member))
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${withDigits(member)}`).join(",")}}`
}
