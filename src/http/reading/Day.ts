import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as SchemaIssue from "effect/SchemaIssue"
import { formatDay, parseDay } from "../../values/dayRuns.ts"

const invalid = new SchemaIssue.InvalidValue({ message: "must be an existing date of the years 1900 to 2200, such as 2026-01-31" })

/** The first and the last date that a timestamp can have (docs/design.md#values). */
const [first, last] = ["1900-01-01", "2200-12-31"]

/** The text of a date. */
export const DayText = Schema.String.annotate({
  description: "`YYYY-MM-DD` in the tenant's zone, years 1900 to 2200",
  format: "date",
  examples: ["2026-01-31"]
})

/** A date, read as days since 1970-01-01. */
export const Day = DayText.pipe(
  Schema.decodeTo(Schema.Number, {
    decode: SchemaGetter.transformEffect((text) => {
      const day = text < first || text > last ? undefined : parseDay(text)
      return day === undefined ? Effect.fail(invalid) : Effect.succeed(day)
    }),
    encode: SchemaGetter.transform(formatDay)
  })
)
