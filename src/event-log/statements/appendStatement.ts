import type { PgClient } from "@effect/sql-pg"
import type * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { arrayOf } from "../../database/arrayOf.ts"
import { raiseSynchronousCommit } from "../../database/synchronousCommit.ts"
import { payloadVersion } from "../../fasttrack/payload.ts"
import type { Slice } from "../../values/Slice.ts"
import type { ErasedUsers } from "../ErasedUsers.ts"
import type { KnownHistory } from "../LogHistories.ts"
import type { NewEvent } from "../RecordedEvent.ts"

/**
 * A row of the statement's answer. `kind` says what it tells:
 *
 * - `appended`: the events of `slice` that were new are stored from `position` on, in the order of
 *   the input. `waited` is the time from the beginning of the statement until the last of its heads
 *   was locked, in milliseconds: the wait for heads and what came before. It is the same in each
 *   such row.
 * - `stored`: the event at place `ord` of the input, from 1, was stored before, at `position`.
 * - `unknown erasures`: nothing was stored. There are erasures up to `position` that the process
 *   does not know of.
 * - `other server`: nothing was stored. The server is not the one of the history that the process
 *   knows.
 * - `moved`: nothing was stored. The database has no head of some slice, so it does not serve it.
 *
 * The columns that a kind does not have are null.
 */
export type AppendRow =
  | { readonly kind: "appended"; readonly slice: Slice; readonly position: bigint; readonly waited: number }
  | StoredRow
  | { readonly kind: "unknown erasures"; readonly position: bigint; readonly waited: null }
  | { readonly kind: "other server" | "moved"; readonly waited: null }

/** An event that was stored before the append. `payload` is null if it is long. */
export interface StoredRow {
  readonly kind: "stored"
  readonly ord: number
  readonly position: bigint
  readonly waited: null
  readonly occurred_at: Date
  readonly payload_version: number
  readonly payload: string | null
}

/** What an append statement writes, and what the process knows that it writes by. */
export interface AppendInput {
  /** No two events have the same tenant, user and key: the caller has set repeats aside. */
  readonly events: ReadonlyArray<NewEvent>
  /** Whether the statement looks for stored keys first. */
  readonly looksUp: boolean
  readonly erased: ErasedUsers
  readonly history: KnownHistory
}

/**
 * The most bytes of a stored payload that the append reads: 2,000 events of one statement come to
 * 16 MiB.
 */
export const shortBytes = 8192

/**
 * The append (docs/architecture.md#the-append): one autocommit statement, READ COMMITTED, one round
 * trip.
 *
 * It locks the heads of its slices in slice order, skips events whose key is stored, inserts the
 * others at `head + 1 …`, and advances the heads. The locks last until the commit, so the order of
 * commits is the order of positions.
 *
 * `looksUp` makes it look for stored keys. Without it the statement trusts that no key is stored,
 * and takes half the time. Either way the unique key `events_idempotency_key` has the last word: a
 * look-up too may see a snapshot that is older than the locks. If that key refuses the statement,
 * nothing is stored, and the caller runs it again with a look-up.
 *
 * Nothing is stored either if a head names an erasure that `erased` does not know. The same holds
 * if the server is not the one of `history`: it may have lost events. And it holds if a head is
 * missing: the slice has moved to another database (docs/partitions.md).
 *
 * Its clauses, explained here because a longer text costs each append of one event 1 % more:
 *
 * - `input`: the events, one a row; `ord` is their place, from 1. The arrays stand side by side in
 *   the select list: of several in "from", each would first be written to a store of its own.
 * - `heads`: the heads of the slices, locked until the commit. All appends lock in slice order, so
 *   none waits in a circle.
 * - `clock`: one row, once the last lock is granted: the time, the last erasure in any of the
 *   slices, whether every slice has a head, and whether this is the server of the history. `raised`
 *   turns `synchronous_commit` on for this transaction, if the server has it off: so an answer
 *   leaves after the commit is on disk. Nothing reads the column.
 * - `stored`: the events whose key is stored. First those that are looked up. Then those of users
 *   who may have been erased: they are always looked up, under the pseudonym, which costs others
 *   nothing.
 * - `fresh`: the other events with their positions; none if erasures are unknown or the server is
 *   another. `recorded_at` is in whole milliseconds, and never before the head's.
 * - `inserted`: the insert, in order of the primary key.
 * - `ranges`: the positions that each slice has got.
 * - `advanced`: the heads, moved to the last position of each slice.
 * - The answer: see {@link AppendRow}.
 */
export const appendStatement = (
  sql: PgClient.PgClient,
  { erased, events, history, looksUp }: AppendInput
): Effect.Effect<ReadonlyArray<AppendRow>, SqlError.SqlError> => {
  const { known } = erased
  const perhaps = erased.among(events)
  // The caller compares what is long after the commit, by `compareKnown`: here it would keep the
  // heads locked.
  const shortPayload = sql.literal(
    `case when pg_column_compression(payload) is null and pg_column_size(payload) <= ${shortBytes} then payload::text end`
  )
  return sql<AppendRow>`
    with input as materialized (
      select
        unnest(${arrayOf.int2(events.map((e) => e.slice))}::smallint[]) as slice,
        unnest(${arrayOf.uuid(events.map((e) => e.tenantId))}::uuid[]) as tenant_id,
        unnest(${arrayOf.text(events.map((e) => e.userId))}::text[]) as user_id,
        unnest(${arrayOf.uuid(events.map((e) => e.idempotencyKey))}::uuid[]) as idempotency_key,
        unnest(${arrayOf.text(events.map((e) => e.eventType))}::text[]) as event_type,
        unnest(${arrayOf.timestamptz(events.map((e) => e.occurredAt))}::timestamptz[]) as occurred_at,
        unnest(${arrayOf.text(events.map((e) => e.payload))}::text[]) as payload,
        generate_series(1::bigint, ${BigInt(events.length)}::bigint) as ord
    ),
    heads as materialized (
      select slice, position, recorded_at, erasure
      from slice_heads
      where slice = any (array(select distinct slice from input))
      order by slice
      for update
    ),
    clock as materialized (
      select
        date_trunc('milliseconds', clock_timestamp()) as now,
        extract(epoch from clock_timestamp() - statement_timestamp())::float8 * 1000 as waited,
        erasure,
        is_served,
        ${history.current} = ${history.incarnation} as is_known_server,
        ${raiseSynchronousCommit(sql)} as raised
      from (select max(erasure) as erasure, count(*) = ${countSlices(events)}::int as is_served from heads) as all_locked
    ),
    stored as materialized (
      select input.ord, known.*
      from input
      cross join lateral (
        select position, occurred_at, payload_version, ${shortPayload} as payload
        from events
        where ${looksUp}::boolean
          and tenant_id = input.tenant_id and user_id = input.user_id and idempotency_key = input.idempotency_key
        limit 1
      ) as known
      union all
      select perhaps.ord, known.*
      from unnest(
        ${arrayOf.int8(perhaps.map((e) => e.ord))}::bigint[],
        ${arrayOf.uuid(perhaps.map((e) => e.tenantId))}::uuid[],
        ${arrayOf.text(perhaps.map((e) => e.pseudonym))}::text[],
        ${arrayOf.uuid(perhaps.map((e) => e.idempotencyKey))}::uuid[]
      ) as perhaps (ord, tenant_id, user_id, idempotency_key)
      cross join lateral (
        select position, occurred_at, payload_version, ${shortPayload} as payload
        from events
        where tenant_id = perhaps.tenant_id and user_id = perhaps.user_id and idempotency_key = perhaps.idempotency_key
        limit 1
      ) as known
    ),
    fresh as materialized (
      select
        input.*,
        heads.position + row_number() over (partition by input.slice order by input.ord) as position,
        greatest(heads.recorded_at, clock.now) as recorded_at
      from input join heads using (slice) cross join clock
      where input.ord not in (select ord from stored) and clock.erasure <= ${known}
        and clock.is_known_server and clock.is_served
    ),
    inserted as (
      insert into events
        (slice, position, tenant_id, user_id, idempotency_key, event_type, occurred_at, recorded_at, payload_version, payload)
      select slice, position, tenant_id, user_id, idempotency_key, event_type, occurred_at, recorded_at, ${payloadVersion}, payload::json
      from fresh
      order by slice, position
    ),
    ranges as materialized (
      select slice, min(position) as first, max(position) as last, max(recorded_at) as recorded_at from fresh group by slice
    ),
    advanced as (
      update slice_heads set position = ranges.last, recorded_at = ranges.recorded_at from ranges where slice_heads.slice = ranges.slice
    )
    select 'appended' as kind, slice, null::int as ord, first as position, waited, null::timestamptz as occurred_at,
      null::smallint as payload_version, null::text as payload
    from ranges cross join clock
    union all
    select 'stored', null, ord::int, position, null, occurred_at, payload_version, payload from stored
    union all
    select case when not is_served then 'moved' when is_known_server then 'unknown erasures' else 'other server' end,
      null, null, erasure, null, null, null, null
    from clock where erasure > ${known} or not is_known_server or not is_served`
}

const countSlices = (events: ReadonlyArray<NewEvent>): number => events.length === 1 ? 1 : new Set(events.map(({ slice }) => slice)).size
