import { PgClient } from "@effect/sql-pg"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PartitionedSemaphore from "effect/PartitionedSemaphore"
import * as Semaphore from "effect/Semaphore"
import { arrayOf } from "../database/arrayOf.ts"
import { type DatabaseUnavailable, unavailable } from "../database/DatabaseUnavailable.ts"
import { Migrations } from "../database/Migrations.ts"
import { inSteadyTime } from "../platform/monotonicClock.ts"
import { Settings } from "../platform/Settings.ts"
import { takeTurns } from "../platform/takeTurns.ts"
import type { TenantId } from "../values/TenantId.ts"
import type { RejectedItem } from "./IngestReport.ts"
import { type KeptItem, keptItem } from "./keptItem.ts"
import { trimAllRejected, trimRejected } from "./trimRejected.ts"

/** The most rows, and characters of items and issues, that one statement writes: some 20 ms. */
const maxBatchRows = 500
const maxBatchCharacters = 1024 * 1024
/** The most that is kept of what was wrong with an item, in characters. */
const maxIssuesCharacters = 4096
/** Bytes of items worked through before other requests get a turn. */
const stride = 512 * 1024
/**
 * Statements that write rejected items at once. Tenants take turns, so that one who has many
 * refused waits for itself.
 */
const writers = 3
/**
 * The share of a quota that a tenant may have added, in one process, before it is looked at again.
 */
const untrimmedShare = 1 / 8
/**
 * Milliseconds from one sweep to the next, at least; and how many times as long as it took, if it
 * has removed nothing.
 */
const sweepEvery = 60_000
const restPerSweep = 20

/**
 * What was refused, so that nothing is lost: each item once per tenant and reason however often it
 * is sent, bounded by a quota and a retention time. The newest are kept. Between two sweeps a
 * tenant has at most an eighth of its quota more, in each process, and what is being written: then
 * its next request removes what is too much before it goes on.
 */
export class RejectedEvents extends Context.Service<RejectedEvents, {
  /**
   * Keeps the items; done when they are committed. `bytesOf` gives the bytes of an item's JSON text
   * by its `index`; those of one item are asked for at a time. A failure may leave some kept, and
   * to do it again keeps none twice.
   */
  readonly record: (
    tenantId: TenantId,
    items: ReadonlyArray<RejectedItem>,
    bytesOf: (index: number) => Uint8Array
  ) => Effect.Effect<void, DatabaseUnavailable>
  /**
   * Removes what is beyond the quota and the retention, of all tenants, and says how many items
   * that were. It is done every minute anyway.
   */
  readonly sweep: Effect.Effect<number, DatabaseUnavailable>
}>()("playtally/ingest/RejectedEvents") {
  static readonly layer = Layer.effect(
    RejectedEvents,
    Effect.gen(function*() {
      yield* Migrations
      const sql = yield* PgClient.PgClient
      const { rejected: bounds } = yield* Settings
      const turns = yield* PartitionedSemaphore.make<string>({ permits: writers })
      const growth = new Map<string, Growth>()

      const trim = Effect.fnUntraced(function*(tenantId: TenantId) {
        const grown = growth.get(tenantId)
        // What is added meanwhile may not have been looked at.
        const [items, bytes] = [grown?.items ?? 0, grown?.bytes ?? 0]
        const removed = yield* trimRejected(sql, tenantId, bounds)
        grown?.add(-items, -bytes)
        return removed
      })

      /**
       * Waits until the tenant has no more than its quota, if it has added so much that it may
       * have.
       */
      const keepInBounds = Effect.fnUntraced(function*(tenantId: TenantId) {
        const grown = growth.get(tenantId)
        const isTooMuch = () =>
          grown !== undefined &&
          (grown.items > bounds.quota * untrimmedShare || grown.bytes > bounds.quotaBytes * untrimmedShare)
        if (grown === undefined || !isTooMuch()) return
        yield* grown.turn.withPermit(Effect.suspend(() => isTooMuch() ? trim(tenantId) : Effect.succeed(0)))
      })

      const write = Effect.fnUntraced(function*(tenantId: TenantId, rows: ReadonlyArray<Row>) {
        yield* keepInBounds(tenantId)
        const [added] = yield* turns.withPermit(tenantId)(insertRows(sql, tenantId, rows))
        const grown = growth.get(tenantId) ?? new Growth()
        growth.set(tenantId, grown)
        if (added !== undefined) grown.add(added.items, Number(added.bytes))
      })

      const record = Effect.fn("RejectedEvents.record")(
        function*(tenantId: TenantId, items: ReadonlyArray<RejectedItem>, bytesOf: (index: number) => Uint8Array) {
          let batch = new Batch()
          let looked = 0
          for (const item of items) {
            const bytes = bytesOf(item.index)
            const kept = yield* takeTurns(keptItem(bytes, tenantId))
            if (!batch.add(item, kept)) {
              yield* write(tenantId, batch.rows)
              batch = new Batch()
              batch.add(item, kept)
            }
            looked += Math.min(bytes.length, stride) + kept.text.length
            if (looked >= stride) {
              looked = 0
              yield* Effect.yieldNow
            }
          }
          if (batch.rows.length > 0) yield* write(tenantId, batch.rows)
        },
        unavailable("RejectedEvents.record")
      )

      const sweep = Effect.fn("RejectedEvents.sweep")(
        function*() {
          const removed = yield* trimAllRejected(sql, trim)
          if (removed > 0) {
            yield* Effect.logInfo("Rejected items beyond the quota or the retention were removed").pipe(Effect.annotateLogs({ removed }))
          }
          return removed
        },
        unavailable("RejectedEvents.sweep")
      )()

      // With many tenants at their quotas a sweep takes seconds: one that finds nothing is done
      // less often.
      const sweeping = Effect.gen(function*() {
        const began = yield* Clock.currentTimeMillis
        const removed = yield* Effect.catchCause(
          sweep,
          (cause) => Effect.as(Effect.logWarning("A sweep of the rejected items has failed; the next one goes on", cause), 0)
        )
        const took = (yield* Clock.currentTimeMillis) - began
        yield* Effect.sleep(Math.max(sweepEvery, removed === 0 ? took * restPerSweep : 0))
      })
      yield* Effect.forkScoped(inSteadyTime(Effect.forever(sweeping)))

      return RejectedEvents.of({ record, sweep })
    })
  )

  /** Keeps nothing: for items that are kept already. */
  static readonly layerNone = Layer.succeed(
    RejectedEvents,
    RejectedEvents.of({ record: () => Effect.void, sweep: Effect.succeed(0) })
  )
}

/** What this process has added for a tenant since it was last looked at. */
class Growth {
  items = 0
  bytes = 0
  /** One looks, and whoever adds to the same tenant meanwhile waits. */
  readonly turn = Semaphore.makeUnsafe(1)

  add(items: number, bytes: number): void {
    this.items += items
    this.bytes += bytes
  }
}

interface Row extends KeptItem {
  readonly reason: RejectedItem["reason"]
  readonly issues: string
  times: number
}

/** What one statement writes: each item once. */
class Batch {
  private readonly byKey = new Map<string, Row>()
  private characters = 0

  /** False if it has no room. */
  add(item: RejectedItem, kept: KeptItem): boolean {
    const key = `${item.reason} ${kept.hash}`
    const known = this.byKey.get(key)
    if (known !== undefined) {
      known.times++
      return true
    }
    const issues = issuesText(item.issues)
    const characters = kept.text.length + issues.length + (kept.cutNames?.length ?? 0)
    if (this.byKey.size > 0 && (this.byKey.size >= maxBatchRows || this.characters + characters > maxBatchCharacters)) return false
    this.byKey.set(key, { ...kept, reason: item.reason, issues, times: 1 })
    this.characters += characters
    return true
  }

  /**
   * In order of their keys, so that two requests with the same items never wait for each other in a
   * circle.
   */
  get rows(): ReadonlyArray<Row> {
    return [...this.byKey.entries()].sort(([a], [b]) => a < b ? -1 : 1).map(([, row]) => row)
  }
}

/**
 * What was wrong, as JSON: as many issues as fit, the first of them without its path if that is too
 * long.
 */
export const issuesText = (issues: RejectedItem["issues"]): string => {
  for (let count = issues.length; count > 0; count--) {
    const text = JSON.stringify(issues.slice(0, count))
    if (text.length <= maxIssuesCharacters) return text
  }
  return JSON.stringify(issues.slice(0, 1).map(({ message }) => ({ path: [], message: message.slice(0, 200) })))
}

/** Writes the rows, and says how many items are new, and how many bytes of texts they have. */
const insertRows = (sql: PgClient.PgClient, tenantId: TenantId, rows: ReadonlyArray<Row>) =>
  sql<{ items: number; bytes: bigint }>`
    with written as (
      insert into rejected_events as kept (tenant_id, reason, item_hash, item, truncated, cut_names, issues, times)
      select ${tenantId}::uuid, reason, decode(hash, 'hex'), item, cut_names is not null, cut_names, issues::json, times
      from unnest(
        ${arrayOf.text(rows.map((row) => row.reason))}::text[],
        ${arrayOf.text(rows.map((row) => row.hash))}::text[],
        ${arrayOf.text(rows.map((row) => row.text))}::text[],
        ${arrayOf.bytea(rows.map((row) => row.cutNames))}::bytea[],
        ${arrayOf.text(rows.map((row) => row.issues))}::text[],
        ${arrayOf.int8(rows.map((row) => row.times))}::bigint[]
      ) as rejected (reason, hash, item, cut_names, issues, times)
      on conflict (tenant_id, reason, item_hash) do update
        set last_at = now(), times = kept.times + excluded.times, issues = excluded.issues
      -- A row that was inserted has no one who has updated it.
      returning xmax = 0 as is_new, octet_length(item) as bytes
    )
    select count(*)::int as items, coalesce(sum(bytes), 0)::bigint as bytes from written where is_new`
