import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import { createHash } from "node:crypto"
import { arrayOf } from "../database/arrayOf.ts"
import { type DatabaseUnavailable, unavailable } from "../database/DatabaseUnavailable.ts"
import { Migrations } from "../database/Migrations.ts"
import { Settings } from "../Settings.ts"
import type { RejectedItem } from "./IngestReport.ts"
import { escaped, userIdsIn } from "./rejectedText.ts"

/** The most that is kept of one item, in characters of its JSON text with everything but plain ASCII escaped. */
const maxItemCharacters = 16 * 1024

/**
 * What was refused, so that nothing is lost: each item once per tenant and reason however often it is sent, as received, bounded by a quota and a
 * retention time (design §1).
 */
export class RejectedEvents extends Context.Service<RejectedEvents, {
  /** Keeps the items; done when they are committed. `texts` are the items' JSON texts, in the order of `items`. */
  readonly record: (
    tenantId: string,
    items: ReadonlyArray<RejectedItem>,
    texts: ReadonlyArray<string>
  ) => Effect.Effect<void, DatabaseUnavailable>
}>()("playtally/ingest/RejectedEvents") {
  static readonly layer = Layer.effect(
    RejectedEvents,
    Effect.gen(function*() {
      yield* Migrations
      const sql = yield* PgClient.PgClient
      const { rejected } = yield* Settings

      const record = Effect.fn("RejectedEvents.record")(function*(
        tenantId: string,
        items: ReadonlyArray<RejectedItem>,
        texts: ReadonlyArray<string>
      ) {
        const rows = new Map(items.map((item, index) => {
          const whole = texts[index] ?? "null"
          // An item may be as long as a body, and escaped several times as long.
          const isLong = whole.length > maxItemCharacters
          const text = escaped(isLong ? `${whole.slice(0, maxItemCharacters)} ` : whole)
          const hash = createHash("sha256").update(isLong ? Buffer.from(whole, "utf16le") : text).digest("hex")
          return [`${item.reason} ${hash}`, {
            reason: item.reason,
            hash,
            text,
            // Whoever is erased must be found in items that are cut, too.
            cutUserIds: text.length > maxItemCharacters ? userIdsIn(whole) : "",
            issues: JSON.stringify(item.issues)
          }]
        }))
        // Ordered by key, so that two requests with the same items never wait for each other in a circle.
        const kept = [...rows.entries()].sort(([a], [b]) => a < b ? -1 : 1).map(([, row]) => row)
        yield* sql`
          insert into rejected_events as kept (tenant_id, reason, item_hash, item, truncated, cut_user_ids, issues)
          select ${tenantId}::uuid, reason, decode(hash, 'hex'), left(item, ${maxItemCharacters}), length(item) > ${maxItemCharacters},
            cut_user_ids, issues::json
          from unnest(
            ${arrayOf.text(kept.map((row) => row.reason))}::text[],
            ${arrayOf.text(kept.map((row) => row.hash))}::text[],
            ${arrayOf.text(kept.map((row) => row.text))}::text[],
            ${arrayOf.text(kept.map((row) => row.cutUserIds))}::text[],
            ${arrayOf.text(kept.map((row) => row.issues))}::text[]
          ) as rejected (reason, hash, item, cut_user_ids, issues)
          on conflict (tenant_id, reason, item_hash) do update set last_at = now(), times = kept.times + 1, issues = excluded.issues`.pipe(
          unavailable("RejectedEvents.record")
        )
      })

      const sweep = sql`
        delete from rejected_events using (
          select tenant_id, reason, item_hash, last_at, row_number() over (partition by tenant_id order by last_at desc) as nth from rejected_events
        ) as aged
        where (rejected_events.tenant_id, rejected_events.reason, rejected_events.item_hash) = (aged.tenant_id, aged.reason, aged.item_hash)
          and (aged.nth > ${rejected.quota} or aged.last_at < now() - make_interval(days => ${rejected.retentionDays}))`
      yield* Effect.forkScoped(Effect.ignore(sweep).pipe(Effect.repeat(Schedule.spaced("1 minute"))))

      return RejectedEvents.of({ record })
    })
  )
}
