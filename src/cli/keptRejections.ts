import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { SqlError } from "effect/sql"
import * as Stream from "effect/Stream"

/** An item that was refused, as it is kept: its JSON text as received, cut if it was `truncated`, and what was wrong with it. */
export interface KeptRejection {
  readonly reason: string
  readonly item: string
  readonly truncated: boolean
  readonly issues: unknown
  readonly firstAt: Date
  readonly lastAt: Date
  readonly times: number
}

interface Row {
  readonly reason: string
  readonly hash: string
  readonly item: string
  readonly truncated: boolean
  readonly issues: unknown
  readonly first_at: Date
  readonly last_at: Date
  readonly times: bigint
}

const toKept = (row: Row): KeptRejection => ({
  reason: row.reason,
  item: row.item,
  truncated: row.truncated,
  issues: row.issues,
  firstAt: row.first_at,
  lastAt: row.last_at,
  times: Number(row.times)
})

/** The tenant's rejections that happened last, the latest first. */
export const latestRejections = (
  sql: PgClient.PgClient,
  tenantId: string,
  limit: number
): Effect.Effect<ReadonlyArray<KeptRejection>, SqlError.SqlError> =>
  Effect.map(
    sql<Row>`
      select reason, '' as hash, item, truncated, issues, first_at, last_at, times from rejected_events
      where tenant_id = ${tenantId}::uuid
      order by last_at desc, reason, item_hash limit ${limit}`,
    (rows) => rows.map(toKept)
  )

/** At 16 KB an item at most, a page is some MB at most. */
const pageSize = 300

/** All of the tenant's rejections in order of their key: a statement a page, so that whoever reads may take the time it needs. */
export const allRejections = (sql: PgClient.PgClient, tenantId: string): Stream.Stream<KeptRejection, SqlError.SqlError> =>
  Stream.paginate({ reason: "", hash: "" }, (after: Pick<Row, "reason" | "hash">) =>
    Effect.map(
      sql<Row>`
        select reason, encode(item_hash, 'hex') as hash, item, truncated, issues, first_at, last_at, times from rejected_events
        where tenant_id = ${tenantId}::uuid and (reason, item_hash) > (${after.reason}, decode(${after.hash}, 'hex'))
        order by reason, item_hash limit ${pageSize}`,
      (rows) => [rows.map(toKept), rows.length < pageSize ? Option.none() : Option.fromNullishOr(rows.at(-1))]
    ))
