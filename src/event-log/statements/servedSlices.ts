import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { known } from "../../values/known.ts"
import type { Slice } from "../../values/Slice.ts"
import { sliceMoved } from "../EventLogError.ts"

/** A range of slices, both ends included. */
interface SliceRange {
  readonly first: Slice
  readonly last: Slice
}

/** Whether a database serves all slices of a range: it has their heads. */
export const servesAll = (sql: PgClient.PgClient, { first, last }: SliceRange): Effect.Effect<boolean, SqlError.SqlError> =>
  Effect.map(
    sql<{ heads: number }>`select count(*)::int as heads from slice_heads where slice between ${first} and ${last}`,
    ([row]) => known(row, "count of heads").heads === last - first + 1
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

/** Has a database that is no partition serve nothing, in the caller's transaction. */
export const serveNothing = (sql: PgClient.PgClient): Effect.Effect<void, SqlError.SqlError> =>
  Effect.andThen(sql`delete from slice_heads`, Effect.asVoid(sql`delete from fenced_heads`))

/**
 * Fails unless a database has the head of a slice: with a `SqlError` of which `isMoved` says that
 * the slice has moved.
 */
export const requireServed = (sql: PgClient.PgClient, slice: Slice): Effect.Effect<void, SqlError.SqlError> =>
  Effect.flatMap(sql`select from slice_heads where slice = ${slice}`, (rows) => rows.length === 0 ? sliceMoved : Effect.void)
