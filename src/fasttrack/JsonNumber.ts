/**
 * A JSON number whose digits a double would not give back. Serialized, it is written as it was
 * read.
 */
export interface RawNumber {
  readonly rawJSON: string
}

/** A number as `parseJson` reads it: a double where that loses nothing. */
export type JsonNumber = number | RawNumber

// In every runtime we support (ECMAScript 2026), not yet in TypeScript's library.
const { isRawJSON, rawJSON } = JSON as typeof JSON & {
  readonly isRawJSON: (value: unknown) => value is RawNumber
  readonly rawJSON: (text: string) => RawNumber
}

export const isRawNumber = isRawJSON

/** Whether `value` is what `parseJson` gives for a JSON number. */
export const isJsonNumber = (value: unknown): value is JsonNumber => typeof value === "number" ? Number.isFinite(value) : isRawNumber(value)

/** Whether a double gives a number back as `text` writes it. */
export const survivesDouble = (text: string): boolean => String(Number(text)) === text

/** The number that `text`, a JSON number, says. */
export const toJsonNumber = (text: string): JsonNumber => survivesDouble(text) ? Number(text) : rawJSON(text)
