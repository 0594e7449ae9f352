import * as Schema from "effect/Schema"

/** One thing that is wrong with an item. The message repeats nothing of the value. */
export const ItemIssue = Schema.Struct({
  path: Schema.Array(Schema.Union([Schema.String, Schema.Int])).annotate({ description: "Where in the item, say [\"data\", \"amount\"]" }),
  message: Schema.String.annotate({ description: "At most 200 characters" })
}).annotate({ identifier: "ItemIssue" })
export type ItemIssue = typeof ItemIssue.Type
