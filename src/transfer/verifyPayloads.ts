import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { SqlError } from "effect/sql"
import { erasedType } from "../event-log/pseudonym.ts"
import { readableEvent } from "../event-log/readableEvent.ts"
import { isKnownEvent, type StoredEvent } from "../event-log/StoredEvent.ts"
import { parseJson } from "../fasttrack/parseJson.ts"
import { decodeStored } from "../fasttrack/payload.ts"
import type { Position } from "../values/Position.ts"
import type { Slice } from "../values/Slice.ts"
import { readStoredPage } from "./readStoredPages.ts"

/** An event that a reader cannot take, and why. */
export interface UnreadablePayload {
  readonly position: Position
  readonly reason: string
}

/**
 * Reads every payload of a slice up to a position as a reader of this release does, some MB at a
 * time, in the caller's transaction.
 */
export const verifyPayloads = Effect.fnUntraced(function*(
  sql: PgClient.PgClient,
  slice: Slice,
  upTo: Position,
  onUnreadable: (found: UnreadablePayload) => void
) {
  for (let after = 0; after < upTo;) {
    const page = yield* readStoredPage(sql, { slice, after, upTo })
    if (page._tag === "TooLarge") {
      onUnreadable({ position: page.position, reason: `its payload has ${page.bytes} bytes, and a reader takes ${readableEvent} at most` })
      after = page.position
      continue
    }
    for (const event of page.events) {
      const reason = unreadable(event)
      if (reason !== undefined) onUnreadable({ position: event.position, reason })
    }
    const last = page.events.at(-1)
    if (last === undefined) return
    after = last.position
  }
}) satisfies (...args: never) => Effect.Effect<void, SqlError.SqlError>

/** Kinds and versions that this release does not know are found by their numbers. */
const unreadable = ({ event_type, occurred_at, payload, payload_version, user_id }: StoredEvent): string | undefined => {
  if (event_type === erasedType || !isKnownEvent(event_type, payload_version)) return undefined
  try {
    const parsed = parseJson(payload)
    if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return "its payload is no JSON object"
    const decoded = decodeStored({
      event: event_type,
      userId: user_id,
      occurredAt: Date.parse(occurred_at),
      payloadVersion: payload_version,
      payload: parsed
    })
    return Result.isFailure(decoded) ? "its payload cannot be decoded" : undefined
  } catch (error) {
    return `its payload cannot be parsed: ${error instanceof Error ? error.name : String(error)}`
  }
}
