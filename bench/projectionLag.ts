import type { PgConnection } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { SqlError } from "effect/sql"
import { catalog } from "../src/projections/catalog/catalog.ts"

/**
 * Which projections: those that make the counters, or those that rank users, which give way to
 * them.
 */
export type Which = "counters" | "rankings"

const names = (which: Which) =>
  catalog.filter(({ ranking }) => (ranking !== undefined) === (which === "rankings")).map(({ name }) => `'${name}'`).join(", ")

/**
 * How far each slice has been fed to all of those projections. Versions that wait for a rebuild do
 * not count.
 */
const fed = (which: Which) =>
  `select slice, min(position) as position from checkpoints join projection_versions using (projection, version)
   where state = 'following' and projection in (${names(which)}) group by slice`

/**
 * Events of the log that at least one of those projections has not folded yet, as the database has
 * it.
 */
export const lagOf = (sql: PgConnection.PgConnection, which: Which): Effect.Effect<number, SqlError.SqlError> =>
  Effect.map(
    sql.query(
      `select coalesce(sum(h.position - c.position), 0)::float8 as lag from slice_heads h join (${fed(which)}) c using (slice)`,
      []
    ),
    ({ rows }) => Number(rows[0]?.["lag"])
  )

/** Milliseconds since the oldest of them was recorded; 0 if there is none. */
export const lagAgeOf = (sql: PgConnection.PgConnection, which: Which): Effect.Effect<number, SqlError.SqlError> =>
  Effect.map(
    sql.query(
      `select coalesce(max(extract(epoch from clock_timestamp() - e.recorded_at)) * 1000, 0)::float8 as age
       from (${fed(which)}) c join events e on e.slice = c.slice and e.position = c.position + 1`,
      []
    ),
    ({ rows }) => Number(rows[0]?.["age"])
  )

/** Waits until none is behind. */
export const caughtUp = (sql: PgConnection.PgConnection, which: Which): Effect.Effect<void, SqlError.SqlError> =>
  Effect.asVoid(Effect.repeat(lagOf(sql, which), { until: (lag) => lag === 0, schedule: Schedule.spaced("40 millis") }))
