import * as Schema from "effect/Schema"

const maxLength = 4096

const hasLength = (text: string, min: number, max: number): boolean => {
  // A code point is one or two UTF-16 units, so they need counting only between.
  if (text.length <= max) return text.length >= min
  if (text.length > 2 * max) return false
  let count = 0
  for (const _ of text) count++
  return count <= max
}

/**
 * What keeps a text from being taken, if anything: its length in code points, a NUL or an unpaired
 * surrogate (docs/design.md#values).
 */
export const textProblem = (text: string, min = 0, max = maxLength): string | undefined => {
  if (!hasLength(text, min, max)) return min === 0 ? `must have at most ${max} characters` : `must have ${min} to ${max} characters`
  return text.isWellFormed() && !text.includes("\0") ? undefined : "must be well-formed Unicode without NUL"
}

/** A text of `min` to `max` code points. `annotations` go into the API's description. */
export const textOf = (min = 0, max = maxLength, annotations: Schema.Annotations.Documentation<string> = {}) =>
  Schema.String.annotate({ message: "must be a string", ...annotations }).check(
    Schema.makeFilter((text: string) => textProblem(text, min, max), {
      toJsonSchema: () => (min === 0 ? { maxLength: max } : { minLength: min, maxLength: max })
    })
  )

/** An id that is asked for. */
export const Id = textOf(1, 256)

/**
 * The id of a user to be stored: no URL reaches `.` and `..`, which clients take for steps of the
 * path.
 */
export const UserId = Schema.String.annotate({ message: "must be a string", description: "Neither `.` nor `..`" }).check(
  Schema.makeFilter((text: string) => text === "." || text === ".." ? "must be neither . nor .." : textProblem(text, 1, 256), {
    toJsonSchema: () => ({ minLength: 1, maxLength: 256 })
  })
)

/** An id that makes a resend recognizable (docs/design.md#idempotency). */
export const IdempotencyId = textOf(1, 256, { description: "This field is used for idempotency" })

/**
 * A `type` or `status` that is not from a list. `counted` are the words that count; any other is
 * stored and counted by nothing.
 */
export const label = (counted: ReadonlyArray<string>) =>
  textOf(1, 64, {
    description: `Counted: ${counted.join(", ")}, in any case of letters. An event with another word is stored, and no counter counts it`
  })

/** A currency code, kept as it is spelled. */
export const Currency = textOf(1, 32, { description: "ISO-4217 currency code" })

/** Any other text. */
export const Text = textOf()

/** A text from a list. */
export const oneOf = <const L extends ReadonlyArray<string>>(values: L, annotations: Schema.Annotations.Documentation<L[number]> = {}) =>
  Schema.Literals(values).annotate({ message: `must be one of ${values.join(", ")}`, ...annotations })
