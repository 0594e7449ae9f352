import * as Schema from "effect/Schema"
import type { RecordedEvent } from "../../event-log/RecordedEvent.ts"
import type { StoredUserEvent } from "../../event-log/statements/readUserPage.ts"
import { eventKinds } from "../../fasttrack/eventKinds.ts"
import { payloadVersion } from "../../fasttrack/payload.ts"
import { Time } from "../../values/jsonValues.ts"

const common = {
  slice: Schema.Natural.annotate({ description: "The part of the log that the user's events are in" }),
  position: Schema.Natural.annotate({ description: "The event's place in the slice, from 1 on without gaps" }),
  occurred_at: Time,
  recorded_at: Time
}

const kinds = Object.values(eventKinds).map(({ data, event, name }) => ({
  event,
  name,
  data: Schema.toType(Schema.Struct({ user_id: Schema.String, timestamp: Time, ...data.fields })).annotate({ identifier: `${name}Data` })
}))

/**
 * The schema of an event of any kind as it is answered, with more fields.
 *
 * Amounts are canonical decimal text. `what` ends the names of the schemas.
 */
export const shownEventWith = (what: string, fields: Schema.Struct.Fields) =>
  Schema.Union(
    kinds.map(({ data, event, name }) =>
      Schema.Struct({ ...common, event: Schema.Literal(event), data, ...fields }).annotate({ identifier: `${name}${what}` })
    )
  )

/** The schema of an event that is not shown whole. */
export const EventWithoutData = Schema.Struct({
  ...common,
  event: Schema.String,
  data: Schema.Null.annotate({ description: "It is larger than 8 MiB, or was stored by a newer release" }),
  bytes: Schema.Int.annotate({ description: "The size of its stored form" })
}).annotate({ identifier: "EventWithoutData" })

const utcText = (milliseconds: number): string => new Date(milliseconds).toISOString()

/** An event as its sender would recognize it, in canonical form. */
export const shownEvent = ({ event, position, recordedAt, slice, userId }: RecordedEvent) => ({
  slice,
  position,
  event: event.event,
  data: { user_id: userId, timestamp: utcText(event.occurredAt), ...event.data },
  occurred_at: utcText(event.occurredAt),
  recorded_at: utcText(recordedAt)
})

const object = /^\s*\{\s*(\}?)/

/**
 * The same as JSON text, with the payload as it is stored: opaque parts are never parsed, however
 * large.
 *
 * An event that is too large to be shown, or that this release cannot read, has null for `data`,
 * and `bytes`.
 */
export const shownEventText = (userId: string, stored: StoredUserEvent): string => {
  const { bytes, eventType, occurredAt, payload, position, recordedAt, slice } = stored
  const occurred = JSON.stringify(utcText(occurredAt))
  const opening = payload === null || stored.payloadVersion !== payloadVersion ? null : object.exec(payload)
  const data = payload === null || opening === null
    ? `null,"bytes":${bytes}`
    : `{"user_id":${JSON.stringify(userId)},"timestamp":${occurred}${opening[1] === "" ? "," : ""}${
      payload.slice(payload.indexOf("{") + 1)
    }`
  return `{"slice":${slice},"position":${position},"event":${JSON.stringify(eventType)},"data":${data},"occurred_at":${occurred},` +
    `"recorded_at":${JSON.stringify(utcText(recordedAt))}}`
}
