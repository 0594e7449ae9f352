import { HttpApiSchema } from "effect/http-api"
import * as Schema from "effect/Schema"
import {
  AnswerTooLarge,
  ProjectionBehind,
  ProjectionFailing,
  ProjectionNotBuilt,
  ProjectionParked,
  TooManyReads
} from "../problems/readings.ts"
import { Overloaded, Unavailable } from "../problems/service.ts"

/*
 * The answers of endpoints for reading: what they have in common, for the API's description.
 */

const documentHeaders = {
  etag: Schema.String.annotate({ description: "For If-None-Match" }),
  "cache-control": Schema.Literal("private, no-cache").annotate({
    description: "It may be kept, and is asked about before it is used again"
  })
}

/** What `conditionalJson` answers: a document with its ETag, or 304 if it is still the same. */
export const document = <S extends Schema.Top>(schema: S) =>
  [
    HttpApiSchema.WithHeaders(schema, documentHeaders),
    HttpApiSchema.WithHeaders(
      HttpApiSchema.Empty(304).annotate({ description: "As it was when it had the ETag in If-None-Match" }),
      documentHeaders
    )
  ] as const

/** The description of the header `If-None-Match`. */
export const ifNoneMatch = "An ETag of before: `304` if the document is still the same."

/** The problems of any reading. */
export const busy = [AnswerTooLarge, TooManyReads, Overloaded, Unavailable] as const

/** The problems of a reading of projections. */
export const notReady = [ProjectionNotBuilt, ProjectionBehind, ProjectionParked, ProjectionFailing, ...busy] as const

/** `ref`: names a user whose id is erased. */
export const Ref = Schema.String.annotate({
  description:
    "Stands for the user where the id may not: the feed of changes names an erased user by it. Always the same for an id, and says nothing about it."
})

/** `generations`: tells when numbers changed without events. */
export const Generations = Schema.Record(Schema.String, Schema.Natural).annotate({
  description:
    "For each section a number that grows when its numbers change without an event: by another version, the rebuild of a user, another time zone, " +
    "a log that lost events. 0 if they never did. The feed of changes tells it too."
})

/** `time_zone`: the tenant's. */
export const TimeZone = Schema.String.annotate({ description: "IANA name of the zone in which the tenant's days begin" })

/** `position` of a user's counters. */
export const CompleteUpTo = Schema.Natural.annotate({
  description: "Position in the user's slice of the log up to which the counters are complete"
})

/** `stale`: the sections that a parked user's numbers stand still in. */
export const StaleSections = Schema.optionalKey(Schema.Array(Schema.String)).annotate({
  description: "Sections that stopped at one of the user's events"
})

/** `next_cursor` of an endpoint that answers page by page. */
export const NextCursor = Schema.NullOr(Schema.String).annotate({ description: "For `cursor`, to read on; null at the end" })
