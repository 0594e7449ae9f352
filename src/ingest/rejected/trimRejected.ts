import type { PgClient } from "@effect/sql-pg"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { inSteadyTime } from "../../platform/monotonicClock.ts"
import { known } from "../../values/known.ts"
import { TenantId } from "../../values/TenantId.ts"

/**
 * What is kept of a tenant: the most items, the most bytes of their texts, and the days after which
 * an item goes that was not refused again.
 */
export interface KeptBounds {
  readonly quota: number
  readonly quotaBytes: number
  readonly retentionDays: number
}

/** The most rows that the first statement removes. The time it takes decides about the next. */
const firstBatch = 1000
const largestBatch = 20_000
/**
 * The milliseconds that a statement should take. A machine ten times as slow is still far from the
 * statement timeout.
 */
const aim = 250
/** The milliseconds after which a long removal logs its progress. */
const reportEvery = 10_000

/**
 * The first item beyond the quota, from the newest on: when it was last refused, and how many items
 * of that same instant come before it. It goes through the index as far as the quota and no
 * further.
 */
export const beyondQuota = (sql: PgClient.PgClient, tenantId: TenantId, { quota, quotaBytes }: KeptBounds) =>
  sql<{ instant: string; before: bigint }>`
    select last_at::text as instant, nth - first_of_instant as before
    from (
      select last_at, row_number() over newest as nth, rank() over newest as first_of_instant, sum(octet_length(item)) over so_far as bytes
      from rejected_events
      where tenant_id = ${tenantId}::uuid
      window newest as (order by last_at desc), so_far as (order by last_at desc rows unbounded preceding)
    ) as counted
    where nth > ${quota} or bytes > ${quotaBytes}
    limit 1`

/**
 * Removes at most `limit` items that were last refused from `since` on and before `until`, the
 * oldest first.
 *
 * It skips an item that is locked: by a request that refuses it again, an erasure, a replay, or a
 * sweep of another process.
 */
export const removeBetween = (sql: PgClient.PgClient, tenantId: TenantId, { limit, since, until }: Removal) =>
  sql<{ removed: number; reached: string | null }>`
    with removed as (
      delete from rejected_events
      where ctid = any (array(
        select ctid from rejected_events
        where tenant_id = ${tenantId}::uuid and last_at >= ${since}::timestamptz and last_at < ${until}::timestamptz
        order by last_at limit ${limit}
        for update skip locked
      ))
      returning last_at
    )
    select count(*)::int as removed, max(last_at)::text as reached from removed`

interface Removal {
  readonly limit: number
  readonly since: string
  readonly until: string
}

/** Removes at most `limit` items of one instant, and leaves `kept` items of that instant. */
export const removeAt = (
  sql: PgClient.PgClient,
  tenantId: TenantId,
  { instant, kept, limit }: { readonly instant: string; readonly kept: number; readonly limit: number }
) =>
  sql<{ removed: number }>`
    with removed as (
      delete from rejected_events
      where ctid = any (array(
        select ctid from rejected_events
        where tenant_id = ${tenantId}::uuid and last_at = ${instant}::timestamptz
        order by last_at offset ${kept} limit ${limit}
        for update skip locked
      ))
      returning 1
    )
    select count(*)::int as removed from removed`

const retentionStart = (sql: PgClient.PgClient, days: number) =>
  sql<{ instant: string }>`select (now() - make_interval(days => ${days}))::text as instant`

/** Repeats a removal until it finds less than its limit, in batches of about equal duration. */
const inBatches = Effect.fnUntraced(
  function*<E>(tenantId: TenantId, removal: (limit: number) => Effect.Effect<number, E>) {
    let limit = firstBatch
    let total = 0
    let reported = yield* Clock.currentTimeMillis
    for (;;) {
      const began = yield* Clock.currentTimeMillis
      const removed = yield* removal(limit)
      const now = yield* Clock.currentTimeMillis
      total += removed
      if (removed < limit) break
      limit = Math.max(1, Math.min(largestBatch, Math.ceil(limit * Math.min(4, aim / Math.max(now - began, 1)))))
      if (now - reported >= reportEvery) {
        reported = now
        yield* Effect.logInfo("Rejected items beyond the quota or the retention are being removed").pipe(
          Effect.annotateLogs({ tenantId, removed: total })
        )
      }
    }
    return total
  },
  inSteadyTime
)

/**
 * Removes what a tenant has beyond the bounds, the oldest first, and counts the removed items.
 *
 * Each statement is bounded, commits alone and skips locked rows. So any number of processes may
 * trim at once.
 */
export const trimRejected = Effect.fnUntraced(
  function*(sql: PgClient.PgClient, tenantId: TenantId, bounds: KeptBounds): Effect.fn.Return<number, SqlError.SqlError> {
    const removeUntil = (until: string) => {
      // Where the removed ones were, so that their places in the index are not gone through again.
      let since = "-infinity"
      return inBatches(tenantId, (limit) =>
        Effect.map(removeBetween(sql, tenantId, { limit, since, until }), ([row]) => {
          const { reached, removed } = known(row, "count of removed items")
          since = reached ?? since
          return removed
        }))
    }
    const [retention] = yield* retentionStart(sql, bounds.retentionDays)
    let removed = yield* removeUntil(known(retention, "start of the retention").instant)
    const [beyond] = yield* beyondQuota(sql, tenantId, bounds)
    if (beyond !== undefined) {
      removed += yield* removeUntil(beyond.instant)
      removed += yield* inBatches(tenantId, (limit) =>
        Effect.map(
          removeAt(sql, tenantId, { instant: beyond.instant, kept: Number(beyond.before), limit }),
          ([row]) => known(row, "count of removed items").removed
        ))
    }
    return removed
  }
)

/**
 * Trims every tenant, one after the other, and counts the removed items.
 *
 * A tenant whose turn fails is logged, and the others get their turns.
 */
export const trimAllRejected = Effect.fnUntraced(
  function*(sql: PgClient.PgClient, trim: (tenantId: TenantId) => Effect.Effect<number, SqlError.SqlError>) {
    let removed = 0
    let tenantId = "00000000-0000-0000-0000-000000000000"
    for (;;) {
      const [next]: ReadonlyArray<{ tenant_id: TenantId }> = yield* sql<{ tenant_id: TenantId }>`
        select tenant_id from rejected_events where tenant_id > ${tenantId}::uuid order by tenant_id limit 1`
      if (next === undefined) return removed
      tenantId = next.tenant_id
      removed += yield* trim(TenantId(tenantId)).pipe(
        Effect.catchTag("SqlError", (cause) =>
          Effect.as(
            Effect.logWarning("Rejected items of a tenant could not be trimmed; the next sweep goes on", cause).pipe(
              Effect.annotateLogs({ tenantId })
            ),
            0
          ))
      )
    }
  }
)
