import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { arrayOf } from "../../database/arrayOf.ts"
import { classifySqlError } from "../../database/classifySqlError.ts"
import { DatabaseUnavailable, unavailable } from "../../database/DatabaseUnavailable.ts"
import { type EventLogCorrupt, EventLogUnavailable } from "../../event-log/EventLog.ts"
import { foreseeOutcomes } from "../../event-log/statements/foreseeOutcomes.ts"
import { bodyBounds } from "../../fasttrack/bodyBounds.ts"
import type { BodyBounds } from "../../fasttrack/BodyScan.ts"
import type { BulkItems } from "../../fasttrack/BulkItems.ts"
import { isJsonObject } from "../../fasttrack/canonicalJson.ts"
import { decodeBody } from "../../fasttrack/decodeBody.ts"
import { malformedJson } from "../../fasttrack/malformedJson.ts"
import { parseJson } from "../../fasttrack/parseJson.ts"
import { Settings } from "../../platform/Settings.ts"
import type { Tenant } from "../../tenants/Tenant.ts"
import { known } from "../../values/known.ts"
import { finish } from "../../values/steps.ts"
import type { TenantId } from "../../values/TenantId.ts"
import { Ingest } from "../Ingest.ts"
import type { IngestReport } from "../IngestReport.ts"
import { UserProcessors } from "../UserProcessors.ts"
import { type KeptRejection, pagesOfRejections, type Selection } from "./keptRejections.ts"
import { issuesText } from "./RejectedEvents.ts"

/** How many items are replayed as one request: at 16 KB each, 3 MB at most. */
const pageSize = 200

/** Which kept items are meant. `kind` is the text in their `event`. */
export interface ReplaySelection extends Selection {
  readonly kind?: string | undefined
}

/** How far a replay is, and what became of its items. */
export interface ReplayReport {
  /** Items looked at so far. */
  readonly looked: number
  /** Items that are in the log now. */
  readonly stored: number
  /** Items that the log had already. */
  readonly duplicates: number
  /** Items refused again, by reason and first issue. */
  readonly refused: ReadonlyMap<string, number>
  /** Items of which only the beginning was kept. */
  readonly cut: number
  /** Items that are not of the kind. */
  readonly others: number
}

/** How many reasons a report tells apart. Later ones are counted together. */
const maxReasons = 200
const maxReasonCharacters = 300

/**
 * Takes kept items in as a request does, after a fix of the decoder or of the data they depend on.
 *
 * The layer needs an `Ingest` whose `RejectedEvents` keep nothing, so that no item is kept twice.
 */
export class RejectedReplay extends Context.Service<RejectedReplay, {
  /**
   * Replays each selected item of the tenant once.
   *
   * An item whose event is in the log afterwards, newly or from before, is removed. An item that is
   * refused again stays, with its new reason and issues. Its times stay as they are.
   *
   * Each page is one transaction. It locks its rows until their events are committed, and then
   * removes them. If it is cut off in between, the events are in the log and the items are still
   * kept. A repetition finds duplicates and removes the items. An erasure of a user waits for the
   * page that has the user's items.
   *
   * - `DatabaseUnavailable`: the pages before are done. Repeat the call.
   * - `EventLogCorrupt`: the log contradicts itself. An operator has to mend it first.
   */
  readonly replay: (
    tenant: Tenant,
    selection: ReplaySelection,
    onProgress: (report: ReplayReport) => void
  ) => Effect.Effect<ReplayReport, DatabaseUnavailable | EventLogCorrupt>
  /** How many items of any kind a selection has. `DatabaseUnavailable`: repeat the call. */
  readonly count: (tenant: Tenant, selection: ReplaySelection) => Effect.Effect<number, DatabaseUnavailable>
}>()("playtally/ingest/RejectedReplay") {
  private static readonly make = (isDryRun: boolean) =>
    Effect.gen(function*() {
      const sql = yield* PgClient.PgClient
      const ingest = yield* Ingest
      const { limits } = yield* Settings
      const bounds = bodyBounds({ ...limits, itemsPerRequest: pageSize })

      const replayPage = Effect.fnUntraced(function*(tenant: Tenant, page: ReadonlyArray<KeptRejection>) {
        const rows = isDryRun ? page : yield* hold(sql, tenant.tenantId, page)
        const report = yield* takeIn(ingest, tenant, itemsOf(rows, bounds))
        if (!isDryRun) yield* settle(sql, tenant.tenantId, rows, report)
        return report
      }, sql.withTransaction)

      const replay = Effect.fn("RejectedReplay.replay")(
        function*(tenant: Tenant, { kind, ...selection }: ReplaySelection, onProgress: (report: ReplayReport) => void) {
          const tally = new Tally()
          const pages = pagesOfRejections(sql, tenant.tenantId, { ...selection, limit: pageSize })
          yield* Stream.runForEach(pages, (page) =>
            Effect.gen(function*() {
              const whole = page.filter(({ truncated }) => !truncated)
              const readable = whole.filter(isJson)
              if (kind === undefined) tally.refuse("invalid: it is not JSON", whole.length - readable.length)
              const chosen = readable.filter(({ item }) => kind === undefined || kindOf(item) === kind)
              tally.pass({
                looked: page.length,
                cut: page.length - whole.length,
                others: kind === undefined ? 0 : whole.length - chosen.length
              })
              if (chosen.length > 0) {
                tally.add(
                  yield* Effect.retry(replayPage(tenant, chosen), {
                    while: (error) => error._tag === "SqlError" && classifySqlError(error)._tag === "Transient",
                    schedule: Schedule.spaced("500 millis").pipe(Schedule.upTo({ duration: "20 seconds" }))
                  })
                )
              }
              onProgress(tally)
            }))
          return tally
        },
        unavailable("RejectedReplay.replay")
      )

      const count = Effect.fn("RejectedReplay.count")(
        function*({ tenantId }: Tenant, { hash, reason, since, until }: ReplaySelection) {
          const [row] = yield* sql<{ items: bigint }>`
            select count(*) as items from rejected_events
            where tenant_id = ${tenantId}::uuid and reason = coalesce(${reason ?? null}::text, reason)
              and last_at >= coalesce(${since?.toISOString() ?? null}::timestamptz, '-infinity')
              and last_at < coalesce(${until?.toISOString() ?? null}::timestamptz, 'infinity')
              and (${hash ?? null}::text is null or item_hash = decode(${hash ?? null}, 'hex'))`
          return Number(known(row, "count of rejected items").items)
        },
        unavailable("RejectedReplay.count")
      )
      return RejectedReplay.of({ replay, count })
    })

  /** Stores the items that can be stored. */
  static readonly layer = Layer.effect(RejectedReplay, RejectedReplay.make(false))
  /**
   * Changes nothing and reports what would happen. Needs an `Ingest` on
   * {@link foreseeingProcessors}.
   */
  static readonly layerDryRun = Layer.effect(RejectedReplay, RejectedReplay.make(true))
}

/** User processors that store nothing, and answer what would become of the events. */
export const foreseeingProcessors = Layer.effect(
  UserProcessors,
  Effect.gen(function*() {
    const foresee = foreseeOutcomes(yield* PgClient.PgClient)
    return UserProcessors.of({
      active: () => 0,
      process: Effect.fnUntraced(
        function*(mail) {
          const outcomes = yield* foresee(mail.flatMap(({ events }) => events))
          let next = 0
          return mail.map(({ events }) => outcomes.slice(next, next += events.length))
        },
        Effect.catchTag("SqlError", (cause) => Effect.fail(new EventLogUnavailable({ cause })))
      )
    })
  })
)

class Tally implements ReplayReport {
  looked = 0
  stored = 0
  duplicates = 0
  cut = 0
  others = 0
  readonly refused = new Map<string, number>()

  pass({ cut, looked, others }: { readonly looked: number; readonly cut: number; readonly others: number }): void {
    this.looked += looked
    this.cut += cut
    this.others += others
  }

  add({ accepted, duplicates, rejected }: IngestReport): void {
    this.stored += accepted
    this.duplicates += duplicates
    for (const { issues: [issue], reason } of rejected) {
      const why = (issue === undefined ? reason : `${reason}: ${issue.path.join(".")} ${issue.message}`).slice(0, maxReasonCharacters)
      this.refuse(why, 1)
    }
  }

  refuse(why: string, items: number): void {
    if (items === 0) return
    const key = this.refused.has(why) || this.refused.size < maxReasons ? why : "(other reasons)"
    this.refused.set(key, (this.refused.get(key) ?? 0) + items)
  }
}

const kindOf = (text: string): unknown => {
  const item = parseJson(text)
  return isJsonObject(item) ? item["event"] : undefined
}

/** The rows that are still there, locked in the order in which requests write them. */
const hold = Effect.fnUntraced(function*(sql: PgClient.PgClient, tenantId: TenantId, rows: ReadonlyArray<KeptRejection>) {
  // The connection is idle while the events are appended, for as long as an append may take.
  yield* sql`select set_config('idle_in_transaction_session_timeout', '60s', true)`
  const held = yield* sql<{ reason: string; hash: string }>`
    select kept.reason, encode(kept.item_hash, 'hex') as hash from ${chosen(sql, rows)}
    join rejected_events as kept on kept.tenant_id = ${tenantId}::uuid and kept.reason = chosen.reason and kept.item_hash = chosen.item_hash
    order by kept.reason, kept.item_hash
    for update of kept`
  const keys = new Set(held.map(({ hash, reason }) => `${reason} ${hash}`))
  return rows.filter(({ hash, reason }) => keys.has(`${reason} ${hash}`))
})

/** The keys of rows as a table. */
const chosen = (sql: PgClient.PgClient, rows: ReadonlyArray<Pick<KeptRejection, "reason" | "hash">>) =>
  sql`(
    select reason, decode(hash, 'hex') as item_hash
    from unnest(${arrayOf.text(rows.map(({ reason }) => reason))}::text[], ${arrayOf.text(rows.map(({ hash }) => hash))}::text[])
      as keys (reason, hash)
  ) as chosen`

/**
 * Takes the items in as a request. It is the only request of this process, so no limit refuses it.
 */
const takeIn = (ingest: Ingest["Service"], tenant: Tenant, items: BulkItems) =>
  ingest.batch(tenant, items, { strict: false }).pipe(
    Effect.catchTags({
      EventLogUnavailable: ({ cause }) => Effect.fail(new DatabaseUnavailable({ operation: "RejectedReplay.replay", cause })),
      MalformedJson: refusedWhole,
      StrictRefusal: refusedWhole,
      Overloaded: refusedWhole,
      MailboxFull: refusedWhole
    })
  )

const refusedWhole = ({ _tag }: { readonly _tag: string }) => Effect.die(new Error(`A replayed page was refused as a whole: ${_tag}`))

const itemsOf = (rows: ReadonlyArray<KeptRejection>, bounds: BodyBounds): BulkItems =>
  Result.getOrThrow(finish(decodeBody(Buffer.from(`[${rows.map(({ item }) => item).join(",")}]`), bounds)))

/** Whether an item is JSON. An item that was too deep or too wide was refused unread. */
const isJson = ({ item }: KeptRejection): boolean => finish(malformedJson(Buffer.from(item))) === undefined

/** Removes the items that are in the log, and notes why the others were refused again. */
const settle = Effect.fnUntraced(
  function*(sql: PgClient.PgClient, tenantId: TenantId, rows: ReadonlyArray<KeptRejection>, { rejected }: IngestReport) {
    const again = new Map(rejected.map((item) => [item.index, item]))
    const inLog = rows.filter((_, index) => !again.has(index))
    const refused = rows.flatMap((row, index) => {
      const item = again.get(index)
      return item === undefined ? [] : [{ ...row, newReason: item.reason, issues: issuesText(item.issues) }]
    })
    yield* sql`
      delete from rejected_events as kept using ${chosen(sql, inLog)}
      where kept.tenant_id = ${tenantId}::uuid and kept.reason = chosen.reason and kept.item_hash = chosen.item_hash`
    const same = refused.filter(({ newReason, reason }) => reason === newReason)
    yield* sql`
      update rejected_events as kept set issues = again.issues::json
      from unnest(
        ${arrayOf.text(same.map(({ reason }) => reason))}::text[],
        ${arrayOf.text(same.map(({ hash }) => hash))}::text[],
        ${arrayOf.text(same.map(({ issues }) => issues))}::text[]
      ) as again (reason, hash, issues)
      where kept.tenant_id = ${tenantId}::uuid and kept.reason = again.reason and kept.item_hash = decode(again.hash, 'hex')`
    const moved = refused.filter(({ newReason, reason }) => reason !== newReason)
    // The item may be kept for the new reason already.
    yield* sql`
      with moving as (
        delete from rejected_events as kept using ${chosen(sql, moved)}
        where kept.tenant_id = ${tenantId}::uuid and kept.reason = chosen.reason and kept.item_hash = chosen.item_hash
        returning kept.*
      )
      insert into rejected_events as kept (tenant_id, reason, item_hash, item, truncated, cut_names, issues, first_at, last_at, times)
      select tenant_id, again.reason, item_hash, item, truncated, cut_names, again.issues::json, first_at, last_at, times
      from moving
      join unnest(
        ${arrayOf.text(moved.map(({ hash }) => hash))}::text[],
        ${arrayOf.text(moved.map(({ newReason }) => newReason))}::text[],
        ${arrayOf.text(moved.map(({ issues }) => issues))}::text[]
      ) as again (hash, reason, issues) on moving.item_hash = decode(again.hash, 'hex')
      on conflict (tenant_id, reason, item_hash) do update
        set issues = excluded.issues, times = kept.times + excluded.times, first_at = least(kept.first_at, excluded.first_at),
          last_at = greatest(kept.last_at, excluded.last_at)`
  }
)
