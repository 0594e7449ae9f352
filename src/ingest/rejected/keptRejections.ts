import { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { SqlError } from "effect/sql"
import * as Stream from "effect/Stream"
import { arrayOf } from "../../database/arrayOf.ts"
import type { TenantId } from "../../values/TenantId.ts"
import type { RejectedItem } from "../IngestReport.ts"

/** Why an item was refused. */
export type Reason = RejectedItem["reason"]

/** Every reason there is. */
export const reasons: ReadonlyArray<Reason> = ["idempotency_conflict", "invalid"]

/**
 * An item that was refused, as it is kept: its JSON text, cut if it was `truncated`, and what was
 * wrong with it.
 */
export interface KeptRejection {
  readonly reason: Reason
  /** SHA-256 of the item, in hex. With the reason it is the key. */
  readonly hash: string
  readonly item: string
  readonly truncated: boolean
  readonly issues: unknown
  readonly firstAt: Date
  readonly lastAt: Date
  readonly times: number
}

interface Row extends Omit<KeptRejection, "firstAt" | "lastAt" | "times"> {
  readonly first_at: Date
  readonly last_at: Date
  readonly times: bigint
}

const toKept = ({ first_at, last_at, times, ...row }: Row): KeptRejection => ({
  ...row,
  firstAt: first_at,
  lastAt: last_at,
  times: Number(times)
})

/** The tenant's rejections that happened last, the latest first. */
export const latestRejections = (
  tenantId: TenantId,
  limit: number
): Effect.Effect<ReadonlyArray<KeptRejection>, SqlError.SqlError, PgClient.PgClient> =>
  Effect.map(
    PgClient.PgClient.use((sql) =>
      sql<Row>`
      select reason, encode(item_hash, 'hex') as hash, item, truncated, issues, first_at, last_at, times from rejected_events
      where tenant_id = ${tenantId}::uuid
      order by last_at desc limit ${limit}`
    ),
    (rows) => rows.map(toKept)
  )

/** The tenant's rejections of some hashes, the latest first. */
export const rejectionsOf = (
  sql: PgClient.PgClient,
  tenantId: TenantId,
  hashes: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<KeptRejection>, SqlError.SqlError> =>
  Effect.map(
    sql<Row>`
      select reason, encode(item_hash, 'hex') as hash, item, truncated, issues, first_at, last_at, times from rejected_events
      where tenant_id = ${tenantId}::uuid and reason = any (${arrayOf.text(reasons)}::text[])
        and item_hash = any (array(select decode(hash, 'hex') from unnest(${arrayOf.text(hashes)}::text[]) as hashes (hash)))
      order by last_at desc`,
    (rows) => rows.map(toKept)
  )

/** How many of a tenant's rejections have each reason. */
export const countRejections = (
  sql: PgClient.PgClient,
  tenantId: TenantId
): Effect.Effect<ReadonlyMap<Reason, number>, SqlError.SqlError> =>
  Effect.map(
    sql<{ reason: Reason; items: number }>`
      select reason, count(*)::int as items from rejected_events where tenant_id = ${tenantId}::uuid group by reason`,
    (rows) => new Map(rows.map(({ items, reason }) => [reason, items]))
  )

/** An item with the instant at which it was last refused, to the microsecond: a `Date` has less. */
export interface ListedRejection extends KeptRejection {
  readonly instant: string
}

/** The tenant's rejections that happened last before a place, the latest first. */
export const rejectionsBefore = (
  sql: PgClient.PgClient,
  tenantId: TenantId,
  { after, limit, reason }: {
    readonly reason?: Reason | undefined
    readonly after?: Pick<ListedRejection, "instant" | "hash"> | undefined
    readonly limit: number
  }
): Effect.Effect<ReadonlyArray<ListedRejection>, SqlError.SqlError> =>
  Effect.map(
    sql<Row & { readonly instant: string }>`
      select reason, encode(item_hash, 'hex') as hash, item, truncated, issues, first_at, last_at, times,
        to_char(last_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as instant
      from rejected_events
      where tenant_id = ${tenantId}::uuid and reason = coalesce(${reason ?? null}::text, reason)
        and last_at <= coalesce(${after?.instant ?? null}::timestamptz, 'infinity')
        and (last_at, item_hash) < (coalesce(${after?.instant ?? null}::timestamptz, 'infinity'), decode(${after?.hash ?? ""}, 'hex'))
      order by last_at desc, item_hash desc limit ${limit}`,
    (rows) => rows.map(({ instant, ...row }) => ({ ...toKept(row), instant }))
  )

/** One of the tenant's rejections; undefined if it is not kept. */
export const findRejection = (
  sql: PgClient.PgClient,
  tenantId: TenantId,
  { hash, reason }: Pick<KeptRejection, "reason" | "hash">
): Effect.Effect<KeptRejection | undefined, SqlError.SqlError> =>
  Effect.map(
    sql<Row>`
      select reason, encode(item_hash, 'hex') as hash, item, truncated, issues, first_at, last_at, times from rejected_events
      where tenant_id = ${tenantId}::uuid and reason = ${reason} and item_hash = decode(${hash}, 'hex')`,
    ([row]) => row === undefined ? undefined : toKept(row)
  )

/** At 16 KB an item at most, a page is 4 MB at most. */
const pageSize = 256

/**
 * Which of a tenant's rejections are meant: those of a reason, and last refused from a time on and
 * before another.
 */
export interface Selection {
  readonly reason?: Reason | undefined
  readonly since?: Date | undefined
  readonly until?: Date | undefined
  /** The one item that is meant. */
  readonly hash?: string | undefined
}

const firstHash = ""

/**
 * A page of the tenant's rejections after a hash. They come in order of their hashes and not of
 * their keys: one whose reason changes meanwhile stays where it is, and is met once.
 */
export const pageOfRejections = (
  sql: PgClient.PgClient,
  tenantId: TenantId,
  { after, hash, limit, reason, since, until }: Selection & { readonly after: string; readonly limit: number }
): Effect.Effect<ReadonlyArray<KeptRejection>, SqlError.SqlError> =>
  Effect.map(
    sql<Row>`
      select kept.reason, encode(item_hash, 'hex') as hash, item, truncated, issues, first_at, last_at, times
      from unnest(${arrayOf.text(reason === undefined ? reasons : [reason])}::text[]) as reasons (reason)
      cross join lateral (
        select * from rejected_events as of_reason
        where tenant_id = ${tenantId}::uuid and of_reason.reason = reasons.reason and item_hash > decode(${after}, 'hex')
          and last_at >= coalesce(${since?.toISOString() ?? null}::timestamptz, '-infinity')
          and last_at < coalesce(${until?.toISOString() ?? null}::timestamptz, 'infinity')
          and (${hash ?? null}::text is null or item_hash = decode(${hash ?? null}, 'hex'))
        order by item_hash limit ${limit}
      ) as kept
      -- Two reasons of one item are never torn apart.
      order by item_hash fetch first ${limit} rows with ties`,
    (rows) => rows.map(toKept)
  )

/** Pages of the tenant's rejections. Each is read when the reader is done with the one before. */
export const pagesOfRejections = (
  sql: PgClient.PgClient,
  tenantId: TenantId,
  selection: Selection & { readonly limit?: number } = {}
): Stream.Stream<ReadonlyArray<KeptRejection>, SqlError.SqlError> => {
  const { limit = pageSize } = selection
  return Stream.paginate(firstHash, (after: string) =>
    Effect.map(
      pageOfRejections(sql, tenantId, { ...selection, limit, after }),
      (rows) => [[rows], rows.length < limit ? Option.none() : Option.fromNullishOr(rows.at(-1)?.hash)]
    ))
}

/** All of the tenant's rejections. */
export const allRejections = (tenantId: TenantId): Stream.Stream<KeptRejection, SqlError.SqlError, PgClient.PgClient> =>
  Stream.flattenIterable(Stream.unwrap(Effect.map(PgClient.PgClient, (sql) => pagesOfRejections(sql, tenantId))))
