import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { SqlClient, type SqlError } from "effect/sql"
import * as Stream from "effect/Stream"
import { type DatabasesOfLog, databasesOfLog, type LogDatabase } from "../event-log/LogDatabases.ts"
import { isPseudonym } from "../event-log/pseudonym.ts"
import { sliceCount, sliceOf } from "../event-log/sliceOf.ts"
import { isKnownEvent } from "../event-log/StoredEvent.ts"
import { unfinishedImport } from "../event-log/unfinishedImport.ts"
import { differingTenants } from "../tenants/differingTenants.ts"
import { Position } from "../values/Position.ts"
import type { Slice } from "../values/Slice.ts"
import { TenantId } from "../values/TenantId.ts"
import { UserId } from "../values/UserId.ts"
import type { LogProgress } from "./exportLog.ts"
import { type LogMoved, lookWhole } from "./lookWhole.ts"
import { verifyPayloads } from "./verifyPayloads.ts"

/**
 * Some of what was looked at: how many events, and what is wrong with them, the first few of each
 * kind.
 */
export interface Verdict {
  readonly events: number
  readonly findings: ReadonlyArray<Finding>
}

/**
 * Something that cannot be in a log that can be trusted. `slice` is where, unless it is about the
 * whole.
 */
export interface Finding {
  readonly slice: Slice | undefined
  readonly message: string
}

/** How many of a kind are named in one slice; the rest are counted. */
const named = 5

/** Users looked at in one go. */
const usersAtOnce = 20_000

/** Slices looked at in one go. */
const slicesAtOnce = 2

/**
 * Looks whether the log is what it promises (docs/architecture.md#invariants).
 *
 * In each slice:
 *
 * - Positions are 1, 2, 3 … up to its head and no further.
 * - `recorded_at` never decreases along them, and ends as the head says.
 * - No user has a key twice.
 * - All users hash to the slice, and belong to a tenant that exists.
 * - Nothing but a pseudonym is left of erased users.
 * - A reader of this release takes every payload. Each is read to find out.
 *
 * In the whole log:
 *
 * - Its slices are those that must be there.
 * - The database still refuses what would break it.
 * - No projection has come further than the log.
 *
 * Where the log has several databases, each has the slices that it is said to have, and no others.
 * The copies of tenants are as home has them.
 *
 * Each slice is looked at in one transaction, at a moment of its own. What is appended meanwhile is
 * never a finding. Keys are unique within a user, and a user is in one slice, so slice by slice is
 * enough. It ends in `LogMoved` if a slice leaves its database before it was looked at.
 */
export const verifyLog = (
  onProgress: (progress: LogProgress) => void = () => {}
): Stream.Stream<Verdict, LogMoved | SqlError.SqlError, PgClient.PgClient> =>
  Stream.unwrap(Effect.gen(function*() {
    const databases = yield* databasesOfLog
    const heads = yield* Effect.forEach(databases.all, ({ first, last, sql }) =>
      Effect.map(
        lookWhole(
          databases,
          sql<{ slice: Slice; position: bigint }>`select slice, position from slice_heads order by slice`,
          (heads) => heads.filter(({ slice }) => first <= slice && slice <= last).length === last - first + 1
        ),
        (heads) => heads.map((head) => ({ ...head, sql }))
      ))
    const slices = heads.flat()
    let total = slices.reduce((sum, { position }) => sum + Number(position), 0)
    let done = 0
    onProgress({ done, total })
    return Stream.fromIterable(slices).pipe(
      Stream.mapEffect(({ position, slice, sql }) =>
        lookWhole(databases, verifySlice(sql, slice), ({ hasHead }) => hasHead).pipe(Effect.tap(({ events }) =>
          Effect.sync(() => {
            done += events
            // As it is now known to be, not as it was at the start.
            total += events - Number(position)
            onProgress({ done, total })
          })
        )), { concurrency: slicesAtOnce }),
      (verdicts) =>
        Stream.concat(
          Stream.concat(
            Stream.mapEffect(Stream.fromIterable(databases.all), (database) =>
              lookWhole(databases, verifyWhole(database), ({ hasHeads }) =>
                hasHeads)),
            Stream.fromEffect(verifyTogether(databases))
          ),
          verdicts
        )
    )
  }))

/**
 * Everything about a slice in one moment of it. Each of its statements has half an hour, and as
 * much working memory as it needs.
 */
const verifySlice = (sql: PgClient.PgClient, slice: Slice): Effect.Effect<Verdict & { readonly hasHead: boolean }, SqlError.SqlError> =>
  Effect.gen(function*() {
    // No statement is without an end: nobody may be waiting for it any more.
    yield* sql`select set_config('statement_timeout', '30min', true), set_config('work_mem', '64MB', true)`
    const { events, findings, hasHead, last } = yield* verifyPositions(sql, slice)
    const unreadable = new Named("events")
    yield* verifyPayloads(
      sql,
      slice,
      Position(last),
      ({ position, reason }) => unreadable.add(`the event at ${position} cannot be read: ${reason}`)
    )
    const wrong = [...findings, ...unreadable.messages, ...events === 0 ? [] : yield* verifyUsers(sql, slice)]
    return { events, findings: wrong.map((message) => ({ slice, message })), hasHead }
  }).pipe(
    sql.withTransaction,
    Effect.provideService(SqlClient.BeginTransaction, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
  )

interface Positions {
  readonly head: bigint
  readonly events: bigint
  readonly last: bigint | null
  readonly head_time_agrees: boolean
  /**
   * Where a position does not follow the one before it: the first few of them, each with that one.
   */
  readonly breaks: bigint
  readonly first_breaks: ReadonlyArray<bigint> | null
  readonly before_breaks: ReadonlyArray<bigint> | null
  readonly backward: bigint
  readonly first_backward: ReadonlyArray<bigint> | null
  readonly kinds: ReadonlyArray<string> | null
}

const verifyPositions = Effect.fnUntraced(function*(sql: PgClient.PgClient, slice: Slice) {
  const [row] = yield* sql<Positions>`
    with ordered as (
      select position, recorded_at, event_type, payload_version,
        coalesce(lag(position) over w, 0) as before, lag(recorded_at) over w as recorded_before
      from events where slice = ${slice} window w as (order by position)
    ),
    found as (
      select count(*) as events, max(position) as last, max(recorded_at) as recorded_at,
        count(*) filter (where position <> before + 1) as breaks,
        (array_agg(position order by position) filter (where position <> before + 1))[1:${named}] as first_breaks,
        (array_agg(before order by position) filter (where position <> before + 1))[1:${named}] as before_breaks,
        count(*) filter (where recorded_at < recorded_before) as backward,
        (array_agg(position order by position) filter (where recorded_at < recorded_before))[1:${named}] as first_backward,
        array_agg(distinct payload_version || ' ' || event_type) as kinds
      from ordered
    )
    select h.position as head, found.*, h.recorded_at = coalesce(found.recorded_at, 'epoch') as head_time_agrees
    from slice_heads as h cross join found where h.slice = ${slice}`
  if (row === undefined) return { events: 0, last: 0, findings: ["the head has gone"], hasHead: false }
  const { backward, before_breaks, breaks, events, first_backward, first_breaks, head, head_time_agrees, kinds, last } = row
  const broken = (first_breaks ?? []).map((position, index) => {
    const before = before_breaks?.[index] ?? 0n
    return position < 1n ?
      `there is a position ${position}`
      : position === before ?
      `position ${position} is there more than once`
      : position === before + 2n ?
      `position ${before + 1n} is missing`
      : `positions ${before + 1n} to ${position - 1n} are missing`
  })
  return {
    events: Number(events),
    last: Number(last ?? 0n),
    hasHead: true,
    findings: [
      ...broken,
      ...more(breaks, "breaks in the positions"),
      ...(last ?? 0n) === head ? [] : [`the head is at ${head}, the last event at ${last ?? 0n}`],
      ...head_time_agrees || (last ?? 0n) !== head ? [] : [`the head's recorded_at is not that of the last event, ${head}`],
      ...(first_backward ?? []).map((position) => `the event at ${position} was recorded before its predecessor`),
      ...more(backward, "events recorded before their predecessors"),
      ...(kinds ?? []).flatMap((kind) => {
        const [version = "", type = ""] = kind.split(" ")
        return isKnownEvent(type, Number(version))
          ? []
          : [`there are events "${type}" with payload version ${version}, which this release cannot read`]
      })
    ]
  }
})

const more = (count: bigint, what: string): ReadonlyArray<string> => count > BigInt(named) ? [`there are ${count} ${what} in all`] : []

interface UserRow {
  readonly tenant_id: TenantId
  readonly user_id: UserId
  readonly tenant_exists: boolean
  readonly events: bigint
  readonly keys: bigint
  /** Events that are as an erasure leaves them. */
  readonly erased: bigint
  /** Whether it is the pseudonym of a user who was erased in this slice. */
  readonly was_erased: boolean
  readonly first: bigint
}

const verifyUsers = Effect.fnUntraced(function*(sql: PgClient.PgClient, slice: Slice) {
  const strays = new Named("users")
  const repeats = new Named("users")
  const ownerless = new Named("users")
  const halfErased = new Named("users")
  const pages = Stream.paginate(
    { tenant_id: TenantId("00000000-0000-0000-0000-000000000000"), user_id: UserId("") },
    (after: Pick<UserRow, "tenant_id" | "user_id">) =>
      Effect.map(
        // Read from the table, not from the unique index, which is among the things to be proved.
        sql<UserRow>`
        with slice as materialized (
          select tenant_id, user_id, idempotency_key, position,
            (event_type, payload_version, payload::text, occurred_at) = ('erased', 0, '{}', recorded_at) as is_erased
          from events
          where slice = ${slice} and (tenant_id, user_id) > (${after.tenant_id}::uuid, ${after.user_id})
        )
        select tenant_id, user_id, t.tenant_id is not null as tenant_exists, events, keys, erased, first,
          exists (select from erased_users as e where e.tenant_id = u.tenant_id and e.pseudonym = u.user_id and e.slice = ${slice}) as was_erased
        from (
          select tenant_id, user_id, count(*) as events, count(distinct idempotency_key) as keys, count(*) filter (where is_erased) as erased,
            min(position) as first
          from slice group by tenant_id, user_id order by tenant_id, user_id limit ${usersAtOnce}
        ) as u
        left join tenants as t using (tenant_id)
        order by tenant_id, user_id`,
        (rows) => [rows, rows.length < usersAtOnce ? Option.none() : Option.fromNullishOr(rows.at(-1))] as const
      )
  )
  yield* Stream.runForEach(pages, ({ erased, events, first, keys, tenant_exists, tenant_id, user_id, was_erased }) =>
    Effect.sync(() => {
      const user = `user "${user_id}" of tenant ${tenant_id}`
      const home = sliceOf(tenant_id, user_id)
      if (isPseudonym(user_id)) {
        if (!was_erased) strays.add(`${user} is a pseudonym, but of nobody who was erased here: ${events} events, the first at ${first}`)
        if (erased !== events) halfErased.add(`${user} was erased, but ${events - erased} of ${events} events were not`)
      } else if (erased > 0n) {
        halfErased.add(`${user} is no pseudonym, but has erased events: ${erased}, the first not before ${first}`)
      } else if (home !== slice) strays.add(`${user} belongs into slice ${home}, but has events here: ${events}, the first at ${first}`)
      if (keys !== events) repeats.add(`${user} has used an idempotency key again: ${events} events, ${keys} keys`)
      if (!tenant_exists) ownerless.add(`${user} has events from ${first} on, but there is no such tenant`)
    }))
  return [...strays.messages, ...repeats.messages, ...ownerless.messages, ...halfErased.messages]
})

/** The first few of a kind, and how many there are. */
class Named {
  private readonly first: Array<string> = []
  private count = 0
  private readonly what: string

  constructor(what: string) {
    this.what = what
  }

  add(message: string): void {
    if (this.count++ < named) this.first.push(message)
  }

  get messages(): ReadonlyArray<string> {
    return this.count > named ? [...this.first, `and so for ${this.count - named} more ${this.what}`] : this.first
  }
}

interface Whole {
  readonly slice_count: number | null
  readonly heads_missing: bigint
  readonly strangers: bigint
  readonly unique_keys: boolean
  readonly unique_positions: boolean
  readonly append_only: boolean
  readonly ahead: ReadonlyArray<string> | null
  readonly unheard: bigint
}

/** What is not a matter of one slice, in a database that has the slices from one to another. */
const verifyWhole = ({ first, last, name, sql }: LogDatabase): Effect.Effect<Verdict & { readonly hasHeads: boolean }, SqlError.SqlError> =>
  Effect.gen(function*() {
    const begun = yield* unfinishedImport(sql)
    const [row] = yield* sql<Whole>`
      with uniques as (
        select array(select a.attname::text from pg_attribute a where a.attrelid = i.indrelid and a.attnum = any (i.indkey) order by 1) as columns
        from pg_index i
        where i.indrelid = 'events'::regclass and i.indisunique and i.indisvalid and i.indpred is null and 0 <> all (i.indkey)
      )
      select
        (select slice_count from log_format) as slice_count,
        (select count(*) from generate_series(${first}::int, ${last}::int) as s (slice) where not exists (select from slice_heads h where h.slice = s.slice))
          as heads_missing,
        (select count(*) from events where slice < 0 or slice >= ${sliceCount})
          + (select count(*) from slice_heads where slice < 0 or slice >= ${sliceCount}) as strangers,
        array['position', 'slice'] in (select columns from uniques) as unique_positions,
        array['idempotency_key', 'tenant_id', 'user_id'] in (select columns from uniques) as unique_keys,
        -- The bits are those of DELETE, UPDATE and TRUNCATE, and of the trigger that lets an UPDATE do nothing but erase.
        array[56, 16] <@ (select array_agg(tgtype & 56) from pg_trigger
          where tgrelid = 'events'::regclass and tgenabled in ('O', 'A') and not tgisinternal) as append_only,
        (select array_agg(distinct c.projection || ' ' || c.version) from checkpoints c join slice_heads h using (slice) where c.position > h.position)
          as ahead,
        (select count(*) from slice_heads h
          where h.erasure <> coalesce((select max(e.erasure) from erased_users e where e.slice = h.slice), 0)) as unheard`
    const messages = [
      ...Option.isSome(begun) ? [`it is the beginning of an import that was not ended (${begun.value.events} events)`] : [],
      ...row?.slice_count === sliceCount
        ? []
        : [`the database was made for ${row?.slice_count ?? "no"} slices, this release has ${sliceCount}`],
      ...row?.heads_missing === 0n ? [] : [`slices without a head: ${row?.heads_missing}`],
      ...row?.strangers === 0n ? [] : [`events or heads of slices that do not exist: ${row?.strangers}`],
      ...row?.unique_positions === true
        ? []
        : ["the database does not refuse to use a position twice: the key (slice, position) is missing"],
      ...row?.unique_keys === true
        ? []
        : ["the database does not refuse to use a key twice: the key (tenant_id, user_id, idempotency_key) is missing"],
      ...row?.append_only === true ? [] : ["the database does not refuse to change events: the trigger is missing or disabled"],
      ...(row?.ahead ?? []).map((projection) => `projection ${projection} has come further than the log`),
      ...row?.unheard === 0n ? [] : [`slices whose head does not name the last erasure in them: ${row?.unheard}`]
    ]
    return {
      events: 0,
      findings: messages.map((message) => ({ slice: undefined, message: inDatabase(name, message) })),
      hasHeads: row?.heads_missing === 0n
    }
  })

/** A message that says which of several databases it is about. */
const inDatabase = (name: string | undefined, message: string): string => name === undefined ? message : `${name}: ${message}`

/**
 * What is a matter of several databases: each slice is in one of them, and tenants are the same.
 */
const verifyTogether = ({ all, home }: DatabasesOfLog): Effect.Effect<Verdict, SqlError.SqlError> =>
  Effect.gen(function*() {
    if (all.every(({ sql }) => sql === home)) return { events: 0, findings: [] }
    const findings = yield* Effect.forEach(all, ({ first, last, name, sql }) =>
      Effect.gen(function*() {
        const strangers = yield* sql<{ slice: Slice }>`
          select slice from slice_heads where slice not between ${first} and ${last} order by slice limit ${named}`
        const others = yield* differingTenants(home, sql)
        return [
          ...strangers.map(({ slice }) => `it serves slice ${slice}, which another database has`),
          ...others.slice(0, named),
          ...more(BigInt(others.length), "such tenants")
        ].map((message) => ({ slice: undefined, message: inDatabase(name, message) }))
      }))
    return { events: 0, findings: findings.flat() }
  })
