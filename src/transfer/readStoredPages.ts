import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { readableEvent } from "../event-log/readableEvent.ts"
import { fitPlaces, type Place, placeColumns } from "../event-log/statements/fitPlaces.ts"
import type { StoredEvent } from "../event-log/StoredEvent.ts"
import { Position } from "../values/Position.ts"
import type { Slice } from "../values/Slice.ts"

/** Most events and, but for a single larger event, most bytes of payload in a page. */
const pageEvents = 5_000
const pageBytes = 8 * 1024 * 1024

/** A part of a slice: the events after one position up to another. */
export interface SlicePart {
  readonly slice: Slice
  readonly after: number
  readonly upTo: Position
}

/**
 * The first events of a part as they are stored, in order of position. An event that a reader does
 * not take stands alone, and is not read.
 */
export type StoredPage =
  | { readonly _tag: "Events"; readonly events: ReadonlyArray<StoredEvent> }
  | { readonly _tag: "TooLarge"; readonly position: Position; readonly bytes: number }

/** A time as log files have it. */
export const utc = (sql: PgClient.PgClient, column: string) =>
  sql.literal(`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`)

/** Reads the first page of a part, whatever the events have in it. No events: the part has none. */
export const readStoredPage = Effect.fnUntraced(function*(sql: PgClient.PgClient, part: SlicePart) {
  const upTo = yield* endOfPage(sql, part)
  if (typeof upTo !== "number") return upTo
  const { after, slice } = part
  const rows = yield* sql<Omit<StoredEvent, "position"> & { readonly position: bigint }>`
    select slice, position, ${utc(sql, "recorded_at")} as recorded_at, ${
    utc(sql, "occurred_at")
  } as occurred_at, tenant_id, user_id, event_type,
      idempotency_key, payload_version, payload::text as payload
    from events
    where slice = ${slice} and position > ${BigInt(after)} and position <= ${BigInt(upTo)}
    order by position`
  return { _tag: "Events", events: rows.map((row): StoredEvent => ({ ...row, position: Position(Number(row.position)) })) } as const
}) satisfies (...args: never) => Effect.Effect<StoredPage, SqlError.SqlError>

/** The last position of the page. */
const endOfPage = Effect.fnUntraced(function*(sql: PgClient.PgClient, { after, slice, upTo }: SlicePart) {
  const first = sql`
    select ${sql.literal(placeColumns)} from events
    where slice = ${slice} and position > ${BigInt(after)} and position <= ${BigInt(upTo)} order by position limit ${pageEvents}`
  const [page] = yield* sql<{ last: bigint | null; bytes: bigint; is_compressed: boolean }>`
    select max(position) as last, coalesce(sum(size), 0)::bigint as bytes, coalesce(bool_or(is_compressed), false) as is_compressed from (${first}) as page`
  if (page === undefined || page.last === null) return after
  // Nearly always: payloads that are not compressed, and small.
  if (!page.is_compressed && page.bytes <= BigInt(pageBytes)) return Number(page.last)
  const fitting = yield* fitPlaces(sql, slice, yield* sql<Place>`select * from (${first}) as page order by position`, pageBytes)
  const [only] = fitting
  return only !== undefined && only.bytes > readableEvent ? { _tag: "TooLarge", ...only } as const : fitting.at(-1)?.position ?? after
})
