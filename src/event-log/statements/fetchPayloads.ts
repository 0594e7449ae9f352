import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { SqlError } from "effect/sql"
import { arrayOf } from "../../database/arrayOf.ts"
import { decodeStored } from "../../fasttrack/payload.ts"
import { known } from "../../values/known.ts"
import { parsedSize } from "../parsedSize.ts"
import { readableEvent } from "../readableEvent.ts"
import type { RecordedEvent, UnreadableEvent, WithheldEvent } from "../RecordedEvent.ts"
import { unknownPayload } from "./readStatements.ts"

const MiB = 1024 * 1024

/**
 * The most memory that one parsed payload may take, as it is estimated. An event with 20,000 values
 * takes some MiB. 1.4 million empty objects in 4 MiB, which an older release has stored, take 96
 * MiB.
 */
const largestParsed = 192 * MiB
/** A text of fewer bytes is not looked at: a byte becomes 28 of memory at most. */
const smallText = Math.floor(largestParsed / 28)

/**
 * Fetches payloads that were withheld, in the order given, until there are `bytes` bytes: the first
 * one always, and no payload is unpacked in the database beyond the bound. What is too large for a
 * reader is left where it is.
 */
export const fetchPayloads = (
  sql: PgClient.PgClient,
  events: ReadonlyArray<WithheldEvent>,
  bytes: number
): Effect.Effect<ReadonlyArray<RecordedEvent | UnreadableEvent>, SqlError.SqlError> => {
  // The walk takes its first step while 0 bytes are less than these.
  const bound = BigInt(Math.max(1, bytes))
  return Effect.map(
    sql<{ nth: number; size: number; payload: string | null }>`
      -- One event after the other, each by its key, so that it ends where the bytes do. The payloads go along packed.
      with recursive walk (nth, size, total, payload) as (
        select 0, 0, 0::bigint, null::json
        union all
        select walk.nth + 1, e.size, walk.total + case when e.size <= ${readableEvent} then e.size else 0 end, e.payload
        from walk
        cross join lateral (
          select payload,
            case when pg_column_compression(payload) is null then pg_column_size(payload) else octet_length(payload::text) end as size
          from events
          where slice = (${arrayOf.int2(events.map(({ slice }) => slice))}::smallint[])[walk.nth + 1]
            and position = (${arrayOf.int8(events.map(({ position }) => position))}::bigint[])[walk.nth + 1]
          offset 0
        ) as e
        where walk.total < ${bound}
      )
      select nth, size, case when size <= ${readableEvent} then payload::text end as payload
      from walk
      where nth = 1 or (nth > 1 and total <= ${bound})
      order by nth`,
    (rows) => rows.map(({ nth, payload, size }) => fetchedEvent(known(events[nth - 1], "event that was fetched"), size, payload))
  )
}

/** A withheld event with its payload of `size` bytes; null stands for one that no reader takes. */
export const fetchedEvent = (event: WithheldEvent, size: number, payload: string | null): RecordedEvent | UnreadableEvent => {
  const { occurredAt, payloadVersion, position, recordedAt, slice, tenantId, type, userId } = event
  const place = { slice, position, tenantId, userId, recordedAt }
  const unreadable = (why: string): UnreadableEvent => ({ ...place, event: null, type, unreadable: why })
  if (payload === null) return unreadable(`its payload of ${size} bytes is larger than the ${readableEvent} that a reader takes`)
  if (payload.length > smallText && parsedSize(payload) > largestParsed) {
    return unreadable(
      `its payload of ${size} bytes would take more than the ${largestParsed / MiB} MiB of memory that a reader has for one`
    )
  }
  const decoded = decodeStored({ event: type, userId, occurredAt, payloadVersion, payload: JSON.parse(payload) })
  return Result.isSuccess(decoded) ? { ...place, event: decoded.success } : unreadable(unknownPayload(payloadVersion))
}
