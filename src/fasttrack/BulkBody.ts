import * as Schema from "effect/Schema"
import { Envelope } from "./Envelope.ts"
import { eventKinds } from "./eventKinds.ts"

/** The fields of `Envelope` in the examples of every kind. */
const sample = { user_id: "player-17", timestamp: "2026-01-31T12:00:00Z" }

/** One item of a bulk body, of any kind. */
export const BulkItem = Schema.Union(
  Object.values(eventKinds).map(({ data, described, event, name }) => {
    const fields = Schema.Struct({ ...Envelope.fields, ...data.fields })
    return Schema.toEncoded(Schema.Struct({
      event: Schema.Literal(event),
      data: described.data === undefined ? fields : fields.annotate({ description: described.data })
    })).annotate({
      identifier: `${name}Item`,
      description: described.item,
      examples: [{ event, data: { ...sample, ...described.example } }]
    })
  })
)

/**
 * A bulk body: `{"items": [...]}`, or the bare array.
 *
 * It is for the API's description, and made of the very schemas that decode items. `decodeItem`
 * decodes them, one by one.
 */
export const BulkBody = Schema.Union([Schema.Struct({ items: Schema.Array(BulkItem) }), Schema.Array(BulkItem)])
