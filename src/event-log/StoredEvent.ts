import { isEventType } from "../fasttrack/FastTrackEvent.ts"
import { payloadVersion } from "../fasttrack/payload.ts"
import { Position } from "../values/Position.ts"
import { Slice } from "../values/Slice.ts"
import { TenantId } from "../values/TenantId.ts"
import { UserId } from "../values/UserId.ts"
import { erasedType, erasedVersion } from "./pseudonym.ts"

/**
 * A row of the log as it is stored, nothing interpreted: `payload` is the JSON text of the column,
 * times are UTC with microseconds (`2026-01-31T12:00:00.000000Z`, so that they compare as text),
 * uuids lower-case.
 */
export interface StoredEvent {
  readonly slice: Slice
  readonly position: Position
  readonly recorded_at: string
  readonly occurred_at: string
  readonly tenant_id: TenantId
  readonly user_id: UserId
  readonly event_type: string
  readonly idempotency_key: string
  readonly payload_version: number
  readonly payload: string
}

/** Whether this release can read events of that type and payload version. */
export const isKnownEvent = (eventType: string, version: number): boolean =>
  eventType === erasedType ? version === erasedVersion : isEventType(eventType) && version >= 1 && version <= payloadVersion

/**
 * The event as a line of a log file, without the line break: JSON, the fields in this order. The
 * payload goes in as it is stored, so that no digit is lost; one that has line breaks goes in as a
 * string under `payload_text`.
 */
export const formatStoredEvent = (event: StoredEvent): string =>
  `{"slice":${event.slice},"position":${event.position},"recorded_at":"${event.recorded_at}","occurred_at":"${event.occurred_at}",` +
  `"tenant_id":"${event.tenant_id}","user_id":${JSON.stringify(event.user_id)},"event_type":"${event.event_type}",` +
  `"idempotency_key":"${event.idempotency_key}","payload_version":${event.payload_version},` +
  (lineBreak.test(event.payload) ? `"payload_text":${JSON.stringify(event.payload)}}` : `"payload":${event.payload}}`)

const lineBreak = /[\n\r]/
const number = String.raw`0|[1-9]\d{0,15}`
const time = String.raw`\d{4}-[01]\d-[0-3]\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}Z`
const uuid = String.raw`[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}`
// oxlint-disable-next-line no-control-regex -- what JSON does not allow inside a string
const text = String.raw`"(?:[^"\\\u0000-\u001f]|\\["\\bfnrtu])*"`

const beforePayload = new RegExp(
  `^{"slice":(${number}),"position":(${number}),"recorded_at":"(${time})","occurred_at":"(${time})",` +
    `"tenant_id":"(${uuid})","user_id":(${text}),"event_type":"([a-z-]{1,64})",` +
    `"idempotency_key":"(${uuid})","payload_version":(${number}),"payload(_text)?":`
)

/**
 * The event of such a line, or undefined if `formatStoredEvent` would not have written it so. Not
 * looked at here: whether the payload is JSON and whether the days exist, which the database
 * refuses otherwise.
 */
export const parseStoredEvent = (line: string): StoredEvent | undefined => {
  const match = beforePayload.exec(line)
  if (match === null || !line.endsWith("}")) return undefined
  const [head, slice, position, recordedAt, occurredAt, tenantId, user = "", eventType, key, version, isText] = match
  const userId = user.includes("\\") ? parseText(user) : user.slice(1, -1)
  const tail = line.slice(head.length, -1)
  const payload = isText === undefined ? tail : parseText(tail)
  if (userId === undefined || userId.includes("\0") || payload === undefined || lineBreak.test(payload) !== (isText !== undefined)) {
    return undefined
  }
  return {
    slice: Slice(Number(slice)),
    position: Position(Number(position)),
    recorded_at: recordedAt ?? "",
    occurred_at: occurredAt ?? "",
    tenant_id: TenantId(tenantId ?? ""),
    user_id: UserId(userId),
    event_type: eventType ?? "",
    idempotency_key: key ?? "",
    payload_version: Number(version),
    payload
  }
}

/** The text of a JSON string as JSON.stringify writes it. */
const parseText = (json: string): string | undefined => {
  try {
    const text: unknown = JSON.parse(json)
    return typeof text === "string" && JSON.stringify(text) === json ? text : undefined
  } catch {
    return undefined
  }
}
