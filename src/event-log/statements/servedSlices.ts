import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { known } from "../../values/known.ts"
import type { Slice } from "../../values/Slice.ts"

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

/**
 * Has a database without events serve the slices of a range and no others, in the caller's
 * transaction.
 */
export const serveOnly = (sql: PgClient.PgClient, { first, last }: SliceRange): Effect.Effect<void, SqlError.SqlError> =>
  Effect.andThen(
    sql`delete from slice_heads where slice not between ${first} and ${last}`,
    Effect.asVoid(sql`insert into slice_heads (slice) select generate_series(${first}::int, ${last}::int) on conflict do nothing`)
  )
