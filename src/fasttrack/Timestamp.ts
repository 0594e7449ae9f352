import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import { parseTimestamp } from "./parseTimestamp.ts"
import { readAs } from "./readAs.ts"
import { textOf } from "./Text.ts"

const message = "must be an existing date and time such as 2026-01-31T12:00:00Z, year 1900 to 2200"

const Written = textOf(undefined, undefined, { format: "date-time", examples: ["2026-01-31T12:00:00Z"] })

const format = (instant: number): string => new Date(instant).toISOString()

const isCanonical = (text: string): boolean => text.length === 24 && text[10] === "T" && text[19] === "." && text[23] === "Z"

/** A time on the wire, read as milliseconds since the epoch. */
export const Instant = Written.pipe(
  Schema.decodeTo(Schema.Number.annotate({ message }), {
    decode: readAs(parseTimestamp),
    encode: SchemaGetter.transform(format)
  })
)

/** A time on the wire, read as RFC 3339 text in UTC with milliseconds. */
export const Timestamp = Written.pipe(
  Schema.decodeTo(Schema.String.annotate({ message, format: "date-time" }), {
    decode: readAs((text) => {
      const instant = parseTimestamp(text)
      return instant === undefined ? undefined : isCanonical(text) ? text : format(instant)
    }),
    encode: SchemaGetter.passthrough()
  })
)
