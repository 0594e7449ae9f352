import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type DatabaseUnavailable, unavailable } from "../database/DatabaseUnavailable.ts"
import { databasesOfLog } from "../event-log/LogDatabases.ts"
import { compareUtf8 } from "../values/compareUtf8.ts"
import type { TenantId } from "../values/TenantId.ts"

/**
 * A word for which events of a tenant are not counted, as the projection `uncounted` has it.
 *
 * The times are those of the events.
 */
export interface UncountedEvents {
  readonly tenantId: TenantId
  readonly event: string
  /** `type` or `status`. */
  readonly field: string
  /** In lower case. */
  readonly word: string
  readonly events: number
  readonly firstAt: Date
  readonly lastAt: Date
}

interface Row {
  readonly tenant_id: TenantId
  readonly event: string
  readonly field: string
  readonly word: string
  readonly events: bigint
  readonly first_at: Date
  readonly last_at: Date
}

/**
 * Of a log in several databases, the most words that are read of each. With more words than that,
 * the rarest may lack the events of a database.
 */
const mostWords = 100_000

/**
 * The words for which the most events of a tenant, or of all tenants, are not counted: at most
 * `limit`.
 *
 * None while no version of the projection is active. It reads the view of the active version, which
 * has one row for each user and word. It fails with `DatabaseUnavailable` if the database did not
 * answer.
 */
export const uncountedWords = (
  tenantId: TenantId | undefined,
  limit: number
): Effect.Effect<Option.Option<ReadonlyArray<UncountedEvents>>, DatabaseUnavailable, PgClient.PgClient> =>
  Effect.gen(function*() {
    const { all } = yield* databasesOfLog
    const parts = yield* Effect.forEach(all, ({ sql }) => wordsIn(sql, tenantId, all.length === 1 ? limit : mostWords))
    return Option.map(Option.all(parts), (parts) => {
      const [only, ...others] = parts
      return others.length === 0 ? only ?? [] : added(parts.flat()).slice(0, limit)
    })
  }).pipe(unavailable("uncountedWords"))

/** Adds up what several databases have of a word, the most frequent first. */
const added = (words: ReadonlyArray<UncountedEvents>): ReadonlyArray<UncountedEvents> => {
  const idOf = ({ event, field, tenantId, word }: UncountedEvents) => JSON.stringify([tenantId, event, field, word])
  return [...Map.groupBy(words, idOf).values()]
    .flatMap(([first, ...others]) =>
      first === undefined ? [] : [{
        ...first,
        events: others.reduce((sum, { events }) => sum + events, first.events),
        firstAt: others.reduce((least, { firstAt }) => firstAt < least ? firstAt : least, first.firstAt),
        lastAt: others.reduce((most, { lastAt }) => lastAt > most ? lastAt : most, first.lastAt)
      }]
    )
    .sort((a, b) =>
      b.events - a.events || compareUtf8(a.tenantId, b.tenantId) || compareUtf8(a.event, b.event) ||
      compareUtf8(a.field, b.field) || compareUtf8(a.word, b.word)
    )
}

const wordsIn = Effect.fnUntraced(function*(sql: PgClient.PgClient, tenantId: TenantId | undefined, limit: number) {
  const [view] = yield* sql<{ exists: boolean }>`select to_regclass('uncounted_totals') is not null as exists`
  if (view?.exists !== true) return Option.none()
  const rows = yield* sql<Row>`
    select tenant_id, event, field, word, sum(event_count)::bigint as events, min(first_at) as first_at, max(last_at) as last_at
    from uncounted_totals
    where ${tenantId ?? null}::uuid is null or tenant_id = ${tenantId ?? null}::uuid
    group by tenant_id, event, field, word
    order by events desc, tenant_id, event, field, word collate "C"
    limit ${limit}`
  return Option.some(rows.map((row): UncountedEvents => ({
    tenantId: row.tenant_id,
    event: row.event,
    field: row.field,
    word: row.word,
    events: Number(row.events),
    firstAt: row.first_at,
    lastAt: row.last_at
  })))
})
