import { PgClient } from "@effect/sql-pg"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PartitionedSemaphore from "effect/PartitionedSemaphore"
import * as Semaphore from "effect/Semaphore"
import { arrayOf } from "../../database/arrayOf.ts"
import { type DatabaseUnavailable, unavailable } from "../../database/DatabaseUnavailable.ts"
import { ownLead } from "../../database/Leads.ts"
import { Migrations } from "../../database/Migrations.ts"
import { inSteadyTime } from "../../platform/monotonicClock.ts"
import { Settings } from "../../platform/Settings.ts"
import { takeTurns } from "../../platform/takeTurns.ts"
import type { TenantId } from "../../values/TenantId.ts"
import type { RejectedItem } from "../IngestReport.ts"
import { type KeptItem, keptItem } from "./keptItem.ts"
import { trimAllRejected, trimRejected } from "./trimRejected.ts"

/** The most rows, and characters of items and issues, in one statement. It takes some 20 ms. */
const maxBatchRows = 500
const maxBatchCharacters = 1024 * 1024
/** The most characters that are kept of an item's issues. */
const maxIssuesCharacters = 4096
/** The bytes of items after which other requests get a turn. */
const stride = 512 * 1024
/**
 * The statements that write rejected items at once. Tenants take turns at them, so a tenant with
 * many rejected items delays only itself.
 */
const writers = 3
/** The share of its quota that a tenant may add in one process before it is trimmed again. */
const untrimmedShare = 1 / 8
/** The least time from one sweep to the next, in milliseconds. */
const sweepEvery = 60_000
/** A sweep that has removed nothing is followed by a rest of this many times its own length. */
const restPerSweep = 20
/** Milliseconds after which a process that does not lead looks whether it does. */
const followerRest = 5_000

/**
 * The rejected items, kept as they came so that nothing is lost.
 *
 * An item is kept once per tenant and reason, and its row counts how often it was sent. A quota and
 * a retention time bound what is kept, and the newest items stay.
 *
 * Between two sweeps a tenant may exceed its quota by an eighth in each process, and by what is
 * being written. Beyond that its next request trims first.
 */
export class RejectedEvents extends Context.Service<RejectedEvents, {
  /**
   * Keeps the items. When it succeeds they are committed.
   *
   * `bytesOf` gives the bytes of an item's JSON text by its `index`. It is called for one item at a
   * time. `DatabaseUnavailable`: some items may be kept. A repetition keeps none twice.
   */
  readonly record: (
    tenantId: TenantId,
    items: ReadonlyArray<RejectedItem>,
    bytesOf: (index: number) => Uint8Array
  ) => Effect.Effect<void, DatabaseUnavailable>
  /**
   * Removes what is beyond the quota and the retention of every tenant, and counts it.
   *
   * The process that leads partition 0 does so every minute. `DatabaseUnavailable`: the tenants
   * could not be listed. A tenant whose turn fails is logged, and the others get their turns.
   */
  readonly sweep: Effect.Effect<number, DatabaseUnavailable>
}>()("playtally/ingest/RejectedEvents") {
  static readonly layer = Layer.effect(
    RejectedEvents,
    Effect.gen(function*() {
      yield* Migrations
      const sql = yield* PgClient.PgClient
      const { rejected: bounds } = yield* Settings
      const leads = yield* ownLead
      const turns = yield* PartitionedSemaphore.make<string>({ permits: writers })
      const growth = new Map<string, Growth>()

      const trim = Effect.fnUntraced(function*(tenantId: TenantId) {
        const grown = growth.get(tenantId)
        // The statement may not see what is added meanwhile.
        const [items, bytes] = [grown?.items ?? 0, grown?.bytes ?? 0]
        const removed = yield* trimRejected(sql, tenantId, bounds)
        grown?.add(-items, -bytes)
        return removed
      })

      /** Trims the tenant first if it has added enough to be far beyond its quota. */
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

      // With many tenants at their quotas a sweep takes seconds, so sweeps that find nothing come
      // less often.
      const sweeping = Effect.gen(function*() {
        if (!leads()) return yield* Effect.sleep(followerRest)
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

  /** Keeps nothing. For a replay, whose items are kept already. */
  static readonly layerNone = Layer.succeed(
    RejectedEvents,
    RejectedEvents.of({ record: () => Effect.void, sweep: Effect.succeed(0) })
  )
}

/** What this process has added for a tenant since the tenant was trimmed. */
class Growth {
  items = 0
  bytes = 0
  /** One request trims. Others that add for the same tenant wait for it. */
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

/** The rows of one statement, with each item once. */
class Batch {
  private readonly byKey = new Map<string, Row>()
  private characters = 0

  /** Adds an item. False if the batch has no room for it. */
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

  /** The rows in order of their keys: two requests with the same items never deadlock. */
  get rows(): ReadonlyArray<Row> {
    return [...this.byKey.entries()].sort(([a], [b]) => a < b ? -1 : 1).map(([, row]) => row)
  }
}

/** The issues of an item as JSON, as far as they fit. If none does, the first without its path. */
export const issuesText = (issues: RejectedItem["issues"]): string => {
  for (let count = issues.length; count > 0; count--) {
    const text = JSON.stringify(issues.slice(0, count))
    if (text.length <= maxIssuesCharacters) return text
  }
  return JSON.stringify(issues.slice(0, 1).map(({ message }) => ({ path: [], message: message.slice(0, 200) })))
}

/** Writes the rows, and counts the new items and the bytes of their texts. */
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
      -- xmax is 0 in a row that was inserted, and not in one that was updated.
      returning xmax = 0 as is_new, octet_length(item) as bytes
    )
    select count(*)::int as items, coalesce(sum(bytes), 0)::bigint as bytes from written where is_new`
