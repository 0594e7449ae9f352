import { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type DatabaseUnavailable, unavailable } from "../database/DatabaseUnavailable.ts"
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
    const sql = yield* PgClient.PgClient
    const [view] = yield* sql<{ exists: boolean }>`select to_regclass('uncounted_totals') is not null as exists`
    if (view?.exists !== true) return Option.none()
    const rows = yield* sql<Row>`
      select tenant_id, event, field, word, sum(event_count)::bigint as events, min(first_at) as first_at, max(last_at) as last_at
      from uncounted_totals
      where ${tenantId ?? null}::uuid is null or tenant_id = ${tenantId ?? null}::uuid
      group by tenant_id, event, field, word
      order by events desc, tenant_id, event, field, word collate "C"
      limit ${limit}`
    return Option.some(rows.map((row) => ({
      tenantId: row.tenant_id,
      event: row.event,
      field: row.field,
      word: row.word,
      events: Number(row.events),
      firstAt: row.first_at,
      lastAt: row.last_at
    })))
  }).pipe(unavailable("uncountedWords"))
