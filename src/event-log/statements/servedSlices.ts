import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { known } from "../../values/known.ts"
import type { Slice } from "../../values/Slice.ts"
import { sliceMoved } from "../EventLogError.ts"

/** A range of slices, both ends included. */
export interface SliceRange {
  readonly first: Slice
  readonly last: Slice
}

/** Whether a database serves all slices of a range: it has their heads. */
export const servesAll = (sql: PgClient.PgClient, { first, last }: SliceRange): Effect.Effect<boolean, SqlError.SqlError> =>
  Effect.map(
    sql<{ heads: number }>`select count(*)::int as heads from slice_heads where slice between ${first} and ${last}`,
    ([row]) => known(row, "count of heads").heads === last - first + 1
  )

/**
 * The same, and the slices do not leave before the end of the caller's transaction.
 */
export const holdServed = (sql: PgClient.PgClient, { first, last }: SliceRange): Effect.Effect<boolean, SqlError.SqlError> =>
  Effect.map(
    sql`select from slice_heads where slice between ${first} and ${last} order by slice for share`,
    (heads) => heads.length === last - first + 1
  )

/** How many slices of a range a database does not serve, and how many others it serves. */
export const compareServed = (
  sql: PgClient.PgClient,
  { first, last }: SliceRange
): Effect.Effect<{ readonly missing: number; readonly others: number }, SqlError.SqlError> =>
  Effect.map(
    sql<{ own: number; others: number }>`
      select count(*) filter (where slice between ${first} and ${last})::int as own,
        count(*) filter (where slice not between ${first} and ${last})::int as others
      from slice_heads`,
    ([row]) => {
      const { others, own } = known(row, "count of heads")
      return { missing: last - first + 1 - own, others }
    }
  )

/**
 * Has a database without events serve the slices of a range and no others, in the caller's
 * transaction.
 */
export const serveOnly = (sql: PgClient.PgClient, { first, last }: SliceRange): Effect.Effect<void, SqlError.SqlError> =>
  Effect.andThen(
    sql`delete from slice_heads where slice not between ${first} and ${last}`,
    Effect.asVoid(sql`insert into slice_heads (slice) select generate_series(${first}::int, ${last}::int) on conflict do nothing`)
  )

/**
 * Has a database serve the slices of a range no more, in the caller's transaction, which holds
 * their checkpoints. It waits for the appends under way. The heads are kept for who serves the
 * slices next.
 */
export const setHeadsAside = (sql: PgClient.PgClient, { first, last }: SliceRange): Effect.Effect<void, SqlError.SqlError> =>
  Effect.gen(function*() {
    yield* sql`select from slice_heads where slice between ${first} and ${last} order by slice for update`
    yield* sql`insert into fenced_heads select * from slice_heads where slice between ${first} and ${last}`
    yield* sql`delete from slice_heads where slice between ${first} and ${last}`
  })

/** Has a database serve the slices whose heads were set aside, in the caller's transaction. */
export const bringHeadsBack = (sql: PgClient.PgClient): Effect.Effect<void, SqlError.SqlError> =>
  Effect.asVoid(sql`with back as (delete from fenced_heads returning *) insert into slice_heads select * from back`)

/** Forgets the heads that were set aside: another database serves the slices. */
export const forgetHeadsAside = (sql: PgClient.PgClient): Effect.Effect<void, SqlError.SqlError> =>
  Effect.asVoid(sql`delete from fenced_heads`)

/** Has a database that is no partition serve nothing. */
export const serveNothing = (sql: PgClient.PgClient): Effect.Effect<void, SqlError.SqlError> => Effect.asVoid(sql`delete from slice_heads`)

/** The positions that a database still has of a slice that it does not serve; undefined if none. */
export const positionsLeft = (
  sql: PgClient.PgClient,
  slice: Slice
): Effect.Effect<{ readonly first: number; readonly last: number } | undefined, SqlError.SqlError> =>
  Effect.map(
    sql<{ first: bigint | null; last: bigint | null }>`
      select min(position) as first, max(position) as last from events where slice = ${slice}`,
    ([row]) =>
      row?.first === null || row?.last === null || row === undefined ? undefined : { first: Number(row.first), last: Number(row.last) }
  )

/**
 * Removes the events of a slice from one position to another, and says how many there were. In the
 * caller's transaction. PostgreSQL refuses it if the database serves the slice.
 */
export const removeEvents = (
  sql: PgClient.PgClient,
  slice: Slice,
  { first, last }: { readonly first: number; readonly last: number }
): Effect.Effect<number, SqlError.SqlError> =>
  Effect.gen(function*() {
    yield* sql`select set_config('playtally.leaving', 'on', true)`
    const [gone] = yield* sql<{ events: number }>`
      with gone as (
        delete from events where slice = ${slice} and position between ${BigInt(first)} and ${BigInt(last)} returning 1
      ) select count(*)::int as events from gone`
    return known(gone, "count of removed events").events
  })

/**
 * Fails unless a database has the head of a slice: with a `SqlError` of which `isMoved` says that
 * the slice has moved.
 */
export const requireServed = (sql: PgClient.PgClient, slice: Slice): Effect.Effect<void, SqlError.SqlError> =>
  Effect.flatMap(sql`select from slice_heads where slice = ${slice}`, (rows) => rows.length === 0 ? sliceMoved : Effect.void)
