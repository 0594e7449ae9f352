import { HttpApiError } from "effect/http-api"
import { IngestReport } from "../../ingest/IngestReport.ts"
import { limit } from "./requests.ts"

/* Problems of a batch as a whole (docs/design.md#the-bulk-endpoint). Nothing of it is stored. */

/** The batch has more than `limit` items (`MAX_ITEMS`). Send it in parts. */
export class TooManyItems extends HttpApiError.Problem<TooManyItems>()("TooManyItems", {
  type: "too-many-items",
  status: 413,
  title: "The batch has too many items"
}, limit("items")) {}

/**
 * The body has more than `limit` JSON values, at any depth.
 *
 * Met with deep or padded items: a parsed value costs far more memory than its bytes. Send the
 * batch in parts.
 */
export class TooManyValues extends HttpApiError.Problem<TooManyValues>()("TooManyValues", {
  type: "too-many-values",
  status: 413,
  title: "The body has too many JSON values"
}, limit("values, at any depth,")) {}

/** The body is JSON, but no batch. Send `{"items": [...]}`, or the array alone. */
export class NotABatch extends HttpApiError.Problem<NotABatch>()("NotABatch", {
  type: "not-a-batch",
  status: 422,
  title: "The body is neither {\"items\": [...]} nor an array"
}) {}

const allRejected = { type: "all-rejected", status: 422, title: "Every item was rejected" } as const

/**
 * Every item of the batch is invalid. The report says of each what is wrong.
 *
 * The operator finds the items with `npm run cli -- rejected list`. Correct and send them again.
 *
 * The class is for the description; {@link allRejectedMembers} makes the answers.
 */
export class AllRejected extends HttpApiError.Problem<AllRejected>()("AllRejected", allRejected, IngestReport.fields) {}

const strictRefusal = {
  type: "strict-refusal",
  status: 422,
  title: "Some items are invalid and strict handling was asked for: nothing was stored"
} as const

/**
 * The sender asked for `Prefer: handling=strict`, and an item is invalid.
 *
 * Correct the items of the report and send the batch again whole, or send it without the
 * preference.
 *
 * The class is for the description; {@link strictRefusalMembers} makes the answers.
 */
export class StrictRefusal extends HttpApiError.Problem<StrictRefusal>()("StrictRefusal", strictRefusal, IngestReport.fields) {}

/**
 * The JSON of {@link AllRejected}. A report may be long and needs no encoding: the class would
 * check every field of it.
 */
export const allRejectedMembers = (report: IngestReport) => ({ ...allRejected, ...report })

/** The same of {@link StrictRefusal}. */
export const strictRefusalMembers = (report: IngestReport) => ({ ...strictRefusal, ...report })
