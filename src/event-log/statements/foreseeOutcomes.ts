import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { arrayOf } from "../../database/arrayOf.ts"
import { payloadVersion } from "../../fasttrack/payload.ts"
import type { StoredContent } from "../../fasttrack/sameContent.ts"
import { Position } from "../../values/Position.ts"
import { compareContent } from "../compareKnown.ts"
import { ErasedUsers } from "../ErasedUsers.ts"
import { erasedVersion } from "../pseudonym.ts"
import type { AppendOutcome, NewEvent } from "../RecordedEvent.ts"

/** The most characters of payloads that are remembered, some 64 MB. */
const maxRemembered = 32 * 1024 * 1024

/** A stored payload of more bytes is another content than that of any item that is kept whole. */
const comparableBytes = 1024 * 1024

/**
 * What `EventLog.append` would say of events if it was called now, one after the other, with all
 * that were asked about before.
 *
 * It writes nothing. Positions are those of events that are there, and 0 of others. It remembers
 * only the last events that it was asked about. If two with one key are far apart in a long row,
 * it foresees that both are stored.
 */
export const foreseeOutcomes = (sql: PgClient.PgClient) => {
  const erased = new ErasedUsers()
  const foreseen = new Map<string, StoredContent>()
  let remembered = 0
  const remember = (key: string, content: StoredContent) => {
    foreseen.set(key, content)
    remembered += content.payload.length
    for (const [oldest, { payload }] of foreseen) {
      if (remembered <= maxRemembered) break
      foreseen.delete(oldest)
      remembered -= payload.length
    }
  }
  return Effect.fnUntraced(
    function*(events: ReadonlyArray<NewEvent>): Effect.fn.Return<ReadonlyArray<AppendOutcome>, SqlError.SqlError> {
      yield* erased.load(sql, 0n)
      const perhaps = erased.among(events)
      const stored = yield* sql<{
        ord: bigint
        position: bigint
        occurred_at: Date
        payload_version: number
        payload: string | null
      }>`
        select input.ord, known.*
        from unnest(
          ${arrayOf.int8([...events.map((_, index) => index), ...perhaps.map(({ ord }) => ord - 1)])}::bigint[],
          ${arrayOf.uuid([...events, ...perhaps].map((event) => event.tenantId))}::uuid[],
          ${arrayOf.text([...events.map((event) => event.userId), ...perhaps.map((event) => event.pseudonym)])}::text[],
          ${arrayOf.uuid([...events, ...perhaps].map((event) => event.idempotencyKey))}::uuid[]
        ) as input (ord, tenant_id, user_id, idempotency_key)
        cross join lateral (
          -- No item is kept whole that would be as long when it is stored.
          select position, occurred_at, payload_version,
            case when octet_length(payload::text) <= ${comparableBytes} then payload::text end as payload
          from events
          where tenant_id = input.tenant_id and user_id = input.user_id and idempotency_key = input.idempotency_key
          limit 1
        ) as known`
      const rows = new Map(stored.map((row) => [Number(row.ord), row]))
      return events.map((event, index) => {
        const row = rows.get(index)
        const key = `${event.tenantId} ${event.idempotencyKey} ${event.userId}`
        const content = row === undefined
          ? foreseen.get(key)
          : { payloadVersion: row.payload_version, payload: row.payload, occurredAt: row.occurred_at.getTime() }
        const position = Position(Number(row?.position ?? 0n))
        if (content === undefined) {
          remember(key, { payloadVersion, payload: event.payload, occurredAt: event.occurredAt })
          return { _tag: "Appended", position }
        }
        if (content.payloadVersion === erasedVersion) return { _tag: "Duplicate", position }
        return content.payload === null
          ? { _tag: "Conflict", position, fields: ["data"] }
          : compareContent(event, position, { ...content, payload: content.payload })
      })
    }
  )
}
