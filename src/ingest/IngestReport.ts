import * as Schema from "effect/Schema"
import { ItemIssue } from "../fasttrack/ItemIssue.ts"

/**
 * One item that was not stored. `index` is its place in the request; `event` and `id` are null
 * where they could not be read (docs/design.md#the-bulk-endpoint).
 */
export const RejectedItem = Schema.Struct({
  index: Schema.Natural,
  event: Schema.NullOr(Schema.String),
  id: Schema.NullOr(Schema.String),
  reason: Schema.Literals(["invalid", "idempotency_conflict"]),
  issues: Schema.Array(ItemIssue).annotate({ description: "At most 5" })
}).annotate({ identifier: "RejectedItem" })
export type RejectedItem = typeof RejectedItem.Type

/**
 * What became of a request's items: newly stored, there before, refused (in the order of the
 * request).
 */
export const IngestReport = Schema.Struct({
  accepted: Schema.Natural.annotate({ description: "Items newly stored" }),
  duplicates: Schema.Natural.annotate({ description: "Items that were stored before, or repeated in this request" }),
  rejected: Schema.Array(RejectedItem)
})
export type IngestReport = typeof IngestReport.Type
