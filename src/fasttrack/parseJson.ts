/** A JSON number whose digits a double would not give back; serializing it writes the very digits that were read. */
export interface RawNumber {
  readonly rawJSON: string
}

/** A number as `parseJson` reads it: a double where that loses nothing. */
export type JsonNumber = number | RawNumber

// In every runtime we support (ECMAScript 2026), not yet in TypeScript's library.
const { rawJSON, isRawJSON } = JSON as typeof JSON & {
  readonly rawJSON: (text: string) => RawNumber
  readonly isRawJSON: (value: unknown) => value is RawNumber
}
type Reviver = (key: string, value: unknown, context?: { readonly source?: string }) => unknown

export const isRawNumber = isRawJSON

/** The number written by `text`, which must be a JSON number. */
export const toJsonNumber = (text: string): JsonNumber => {
  const value = Number(text)
  return String(value) === text ? value : rawJSON(text)
}

// A number token of 16 digits or with an exponent. Fifteen digits always survive a double. Text inside a string may match too,
// which costs only time.
const mayLoseDigits = /(?:^|[:,[\s])-?(?:(?:\d\.?){16}|\d+(?:\.\d+)?[eE])/

/**
 * Parses JSON without losing a digit: numbers that a double represents exactly as written are numbers, the others `RawNumber`s
 * (design §2, "Values"). Throws `SyntaxError` if the text is not JSON, and `RangeError` if a text with such other numbers is nested
 * some thousand levels deep.
 */
export const parseJson = (text: string): unknown => mayLoseDigits.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text)

const keepDigits: Reviver = (_key, value, context) =>
  typeof value === "number" && context?.source !== undefined ? toJsonNumber(context.source) : value
