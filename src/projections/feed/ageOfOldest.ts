import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { arrayOf } from "../../database/arrayOf.ts"
import { known } from "../../values/known.ts"
import type { Lagging } from "./Checkpoints.ts"

/** The age of the oldest event that is left to feed, in seconds; 0 if none is. */
export const ageOfOldest = (sql: PgClient.PgClient, lagging: ReadonlyArray<Lagging>): Effect.Effect<number, SqlError.SqlError> =>
  Effect.map(
    sql<{ seconds: number }>`
      select coalesce(max(extract(epoch from clock_timestamp() - e.recorded_at)), 0)::float8 as seconds
      from unnest(
        ${arrayOf.int2(lagging.map(({ slice }) => slice))}::smallint[],
        ${arrayOf.int8(lagging.map(({ position }) => position))}::bigint[]
      ) as l (slice, position)
      join events e on e.slice = l.slice and e.position = l.position + 1`,
    ([row]) => known(row, "the age of the oldest event").seconds
  )
