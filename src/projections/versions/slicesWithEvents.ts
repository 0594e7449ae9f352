import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import type { Slice } from "../../values/Slice.ts"

/** The slices that have events, in order. */
export const slicesWithEvents = (sql: PgClient.PgClient): Effect.Effect<ReadonlyArray<Slice>, SqlError.SqlError> =>
  Effect.map(
    sql<{ slice: Slice }>`select slice from slice_heads where position > 0 order by slice`,
    (rows) => rows.map(({ slice }) => slice)
  )
