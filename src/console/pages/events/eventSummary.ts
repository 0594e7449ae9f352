import * as Result from "effect/Result"
import { summaryOf } from "../../../fasttrack/FastTrackEvent.ts"
import { parseJson } from "../../../fasttrack/parseJson.ts"
import { decodeStored } from "../../../fasttrack/payload.ts"
import type { UserId } from "../../../values/UserId.ts"

/** An event as the log has it. */
interface Stored {
  readonly eventType: string
  readonly payloadVersion: number
  readonly occurredAt: number
  readonly bytes: number
  readonly payload: string | null
}

/** The most characters of a summary. */
const longest = 160

/** What an event says in a few words. An event that this release cannot read gives its kind. */
export const eventSummary = (userId: UserId, { bytes, eventType, occurredAt, payload, payloadVersion }: Stored): string => {
  if (payload === null) return `${eventType}, ${bytes} bytes`
  const decoded = decodeStored({ event: eventType, userId, occurredAt, payloadVersion, payload: parseJson(payload) })
  const text = Result.isFailure(decoded) ? eventType : summaryOf(decoded.success)
  return text.length > longest ? `${text.slice(0, longest)}…` : text
}
