import type { PgClient } from "@effect/sql-pg"
import type * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { arrayOf } from "../../database/arrayOf.ts"
import { raiseSynchronousCommit } from "../../database/synchronousCommit.ts"
import { payloadVersion } from "../../fasttrack/payload.ts"
import type { ErasedUsers } from "../ErasedUsers.ts"
import type { KnownHistory } from "../LogHistories.ts"
import type { NewEvent } from "../RecordedEvent.ts"

/**
 * A row of the statement's answer. With `ord`: the event at that place of the input (from 1) was
 * stored before, at `position`. Without: the events of `slice` that were not, were stored from
 * `position` on, in the order of the input. With `ord` 0: nothing was stored, for there are
 * erasures up to `position` that the caller has not heard of. With `ord` -1: nothing was stored,
 * for the server is not the one of the history that the caller knows.
 */
export interface AppendRow {
  readonly ord: bigint | null
  readonly slice: number
  readonly position: bigint
  /** Milliseconds until the last of the heads was locked; the same in every row without `ord`. */
  readonly waited: number | null
  readonly occurred_at: Date | null
  readonly payload_version: number | null
  /** Null without `ord`, and where it is long. */
  readonly payload: string | null
}

/** The places of the rows that say that nothing was stored, and why. */
export const unheardErasures = 0n
export const anotherServer = -1n

/** What an append goes by. */
export interface AppendOptions {
  readonly looksUp: boolean
  readonly erased: ErasedUsers
  readonly history: KnownHistory
}

/**
 * The most bytes of a stored payload that the append reads: 2,000 events of one statement come to
 * 16 MiB.
 */
const shortBytes = 8192

/**
 * The append (docs/architecture.md#the-append): one autocommit statement, READ COMMITTED, one round
 * trip. It locks the heads in slice order, skips events whose key is stored, inserts the rest at
 * `head + 1 …` and advances the heads; the row locks are held to the commit, so commit order is
 * position order.
 *
 * `looksUp` has it look for stored keys first. Without, it trusts that none is stored: a statement
 * of new events alone then takes half the time. Either way the unique key `events_idempotency_key`
 * has the last word, for even a look-up may see a snapshot older than the locks: it refuses the
 * statement, nothing is stored, and the caller runs it again with the look-up. Events of users who
 * may have been erased are always looked up, under their pseudonyms, and nothing is stored if a
 * head names an erasure that `erased` does not know: others' events cost that no look-up. Nothing
 * is stored either if the server is not the one of `history`: it may have lost events.
 * `recorded_at` is read after the last lock was granted, in whole milliseconds, and never before
 * the head's last one.
 *
 * No two events of `events` may have the same (tenant, user, key): the caller has set repeats
 * aside.
 */
export const appendStatement = (
  sql: PgClient.PgClient,
  events: ReadonlyArray<NewEvent>,
  { erased, history, looksUp }: AppendOptions
): Effect.Effect<ReadonlyArray<AppendRow>, SqlError.SqlError> => {
  const { known } = erased
  const perhaps = erased.among(events)
  // What is long is compared after the commit, by `compareKnown`: here it would keep the heads
  // locked.
  const shortPayload = sql.literal(
    `case when pg_column_compression(payload) is null and pg_column_size(payload) <= ${shortBytes} then payload::text end`
  )
  return sql<AppendRow>`
    with input as materialized (
      -- Side by side in the select list: of several in "from", each would first be written to a store of its own.
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
        ${history.current} = ${history.incarnation} as is_known_server,
        ${raiseSynchronousCommit(sql)} as raised
      from (select max(erasure) as erasure from heads) as all_locked
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
        and clock.is_known_server
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
    select null::bigint as ord, slice, first as position, waited, null::timestamptz as occurred_at, null::smallint as payload_version,
      null::text as payload
    from ranges cross join clock
    union all
    select ord, null, position, null, occurred_at, payload_version, payload from stored
    union all
    -- Nothing was stored, and why.
    select case when is_known_server then 0 else -1 end, null, erasure, null, null, null, null
    from clock where erasure > ${known} or not is_known_server`
}
