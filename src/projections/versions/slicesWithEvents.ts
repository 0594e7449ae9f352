import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { sliceMoved } from "../../event-log/EventLogError.ts"
import type { Slice } from "../../values/Slice.ts"

/**
 * The slices that have events, in order. It fails with a `SqlError` of which `isMoved` says that a
 * slice has moved, if some are just leaving: the others would be taken for all.
 */
export const slicesWithEvents = (sql: PgClient.PgClient): Effect.Effect<ReadonlyArray<Slice>, SqlError.SqlError> =>
  Effect.flatMap(
    sql<{ slice: Slice; is_aside: boolean }>`
      select slice, false as is_aside from slice_heads where position > 0
      union all select slice, true from fenced_heads where position > 0 order by slice`,
    (rows) => rows.some(({ is_aside }) => is_aside) ? sliceMoved : Effect.succeed(rows.map(({ slice }) => slice))
  )
