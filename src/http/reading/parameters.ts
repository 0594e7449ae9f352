import { HttpApiSchema } from "effect/http-api"
import * as Schema from "effect/Schema"
import { Id } from "../../fasttrack/Text.ts"
import * as Problems from "../problems/problems.ts"

/* What the endpoints for reading have in common. */

export const UserId = Id.annotate({ description: "The user, as the events name it: 1 to 256 characters", examples: ["player-17"] })

export const consistency = Schema.optionalKey(Schema.Literals(["eventual", "strong"])).annotate({
  description: "strong: everything in the log when the request came is in the answer, else 503"
})

const documentHeaders = {
  etag: Schema.String.annotate({ description: "For If-None-Match" }),
  "cache-control": Schema.Literal("private, no-cache").annotate({
    description: "It may be kept, and is asked about before it is used again"
  })
}

/** A document with its ETag, or that it is still the same. */
export const document = <S extends Schema.Top>(schema: S) =>
  [
    HttpApiSchema.WithHeaders(schema, documentHeaders),
    HttpApiSchema.WithHeaders(
      HttpApiSchema.Empty(304).annotate({ description: "As it was when it had the ETag in If-None-Match" }),
      documentHeaders
    )
  ] as const

export const prefer = "`wait=SECONDS` (0 to 60, else 5): how long a strong reading may wait (RFC 7240)."
export const ifNoneMatch = "An ETag of before: `304` if the document is still the same."

/** Why a reading may be too much now, or at all. */
export const busy = [Problems.AnswerTooLarge, Problems.TooManyReads, Problems.Overloaded, Problems.Unavailable] as const

/** Why projections may not be readable. */
export const notReady = [
  Problems.ProjectionNotBuilt,
  Problems.ProjectionBehind,
  Problems.ProjectionParked,
  Problems.ProjectionFailing,
  ...busy
] as const

/** A whole number written in digits. */
export const numeral = (minimum: number, maximum: number) =>
  Schema.optionalKey(
    Schema.String.check(
      Schema.makeFilter((text: string) =>
        /^(?:0|[1-9]\d{0,8})$/.test(text) && Number(text) >= minimum && Number(text) <= maximum
          ? undefined
          : `must be a number from ${minimum} to ${maximum}`
      )
    )
  )

export const numeralDetails = (description: string, minimum: number, maximum: number, byDefault: number) => ({
  description,
  schema: { type: "integer", minimum, maximum, default: byDefault }
})

/** The description of a parameter that names sections of a document. */
export const includeDetails = (sections: ReadonlyArray<string>) => ({
  description: "Only these sections",
  schema: { type: "array", items: { type: "string", enum: sections }, minItems: 1 },
  style: "form",
  explode: false,
  example: sections.slice(0, 2)
})
