import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"

/** The slices that have events, in order. */
export const slicesWithEvents = (sql: PgClient.PgClient): Effect.Effect<ReadonlyArray<number>, SqlError.SqlError> =>
  Effect.map(
    sql<{ slice: number }>`select slice from slice_heads where position > 0 order by slice`,
    (rows) => rows.map(({ slice }) => slice)
  )
