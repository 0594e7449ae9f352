import * as Result from "effect/Result"
import { lowerCase } from "../values/asciiCase.ts"
import { canonicalObject, isJsonObject, type JsonObject } from "./canonicalJson.ts"
import { deliveryTimes } from "./Envelope.ts"
import { eventKinds } from "./eventKinds.ts"
import type { EventType } from "./FastTrackEvent.ts"
import { parseJson } from "./parseJson.ts"
import { decodePayload, payloadVersion } from "./payload.ts"

/**
 * What is about to be stored: `payload` as `encodePayload` gives it, `occurredAt` milliseconds
 * since the epoch.
 */
export interface NewContent {
  readonly eventType: EventType
  readonly payload: string
  readonly occurredAt: number
}

/**
 * What the log holds of an event: `payload` is JSON text, `occurredAt` milliseconds since the
 * epoch.
 */
export interface StoredContent {
  readonly payloadVersion: number
  readonly payload: string
  readonly occurredAt: number
}

/**
 * Whether an event says the same as the stored one of its kind, user and key, so that it is a
 * duplicate and no conflict (docs/design.md#idempotency): in all fields but the delivery times,
 * numbers by value, times by instant, `caseInsensitive` fields lower-cased. Throws
 * `UnknownPayload` for a payload that this release cannot read, as then either answer could be
 * wrong.
 */
export const sameContent = (event: NewContent, stored: StoredContent): boolean => {
  if (stored.occurredAt !== event.occurredAt) return false
  if (stored.payloadVersion === payloadVersion && stored.payload === event.payload) return true
  return JSON.stringify(comparable(event.eventType, stored)) ===
    JSON.stringify(comparable(event.eventType, { payloadVersion, payload: event.payload }))
}

/** The most fields that `differingFields` names. */
const maxFields = 5

/**
 * The fields in which an event differs from the stored one of its kind, user and key, such as
 * `amount` or `bets.0.odds`: those of the published API and not what is in `meta` and `outcomes`,
 * for their names are the sender's. At most five. Throws as `sameContent` does.
 */
export const differingFields = (event: NewContent, stored: StoredContent): ReadonlyArray<string> =>
  [
    ...stored.occurredAt === event.occurredAt ? [] : ["timestamp"],
    ...differences(comparable(event.eventType, { payloadVersion, payload: event.payload }), comparable(event.eventType, stored), "")
  ].slice(0, maxFields)

/** Both are canonical, so equal values have equal texts. */
const differences = (one: JsonObject, other: JsonObject, path: string): ReadonlyArray<string> => {
  const found: Array<string> = []
  for (const name of new Set([...Object.keys(one), ...Object.keys(other)])) {
    const [a, b] = [one[name], other[name]]
    if (JSON.stringify(a) === JSON.stringify(b)) continue
    if (path === "" && Array.isArray(a) && Array.isArray(b)) found.push(...differencesOfLegs(a, b, name))
    else found.push(path + name)
    if (found.length >= maxFields) break
  }
  return found
}

const differencesOfLegs = (one: ReadonlyArray<unknown>, other: ReadonlyArray<unknown>, name: string): ReadonlyArray<string> => {
  const found: Array<string> = []
  for (let index = 0; index < Math.max(one.length, other.length) && found.length < maxFields; index++) {
    const [a, b] = [one[index], other[index]]
    if (isJsonObject(a) && isJsonObject(b)) found.push(...differences(a, b, `${name}.${index}.`))
    else found.push(`${name}.${index}`)
  }
  return found
}

const comparable = (eventType: EventType, content: Pick<StoredContent, "payloadVersion" | "payload">): JsonObject => {
  const { caseInsensitive }: { readonly caseInsensitive: ReadonlyArray<string> } = eventKinds[eventType]
  const decoded: JsonObject = { ...Result.getOrThrow(decodePayload(eventType, content.payloadVersion, parseJson(content.payload))) }
  const lowered = caseInsensitive.map((field) => [field, lowerCase(String(decoded[field]))] as const)
  return canonicalObject({ ...decoded, ...Object.fromEntries(lowered), ...notCompared })
}

/** A resend may carry other delivery times. */
const notCompared: JsonObject = Object.fromEntries(Object.keys(deliveryTimes).map((field) => [field, null]))
