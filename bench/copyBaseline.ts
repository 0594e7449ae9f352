import type { PgConnection } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { rm } from "node:fs/promises"
import { join } from "node:path"

/** What the row of the baseline is called, wherever something is measured against it. */
export const copyTitle = "COPY FROM, 2 connections"

/** What `COPY` is given that nothing else has, for whoever reads the ratios. */
export const copyNote =
  "COPY FROM: the rows just stored, in the order they came in, from two files into an empty table with the same two keys, by the server itself: no client, no network"

/** The columns of an event. */
export const copyColumns =
  "slice, position, tenant_id, user_id, idempotency_key, event_type, occurred_at, recorded_at, payload_version, payload"

/** Which events: those recorded after a time of the server's clock. */
export const clockOf = (sql: PgConnection.PgConnection): Effect.Effect<string, SqlError.SqlError> =>
  Effect.map(sql.query("select clock_timestamp()::text as now", [], false), ({ rows }) => String(rows[0]?.["now"]))

/**
 * Copies the events recorded after `since` into an empty table like theirs, over two connections at
 * once, half of the slices each; gives rows a second. `folder` is one that the server may write.
 */
export const copyBaseline = (
  connections: readonly [PgConnection.PgConnection, PgConnection.PgConnection],
  folder: string,
  since: string
): Effect.Effect<number, SqlError.SqlError> =>
  Effect.gen(function*() {
    const [sql] = connections
    const run = (statement: string) => sql.query(statement, [], false)
    const files = [0, 1].map((half) => join(folder, `half-${half}`))
    yield* run("create table if not exists copied_events (like events including all)")
    yield* run("truncate copied_events")
    let rows = 0
    for (const [half, file] of files.entries()) {
      const { rowCount } = yield* run(
        `copy (select ${copyColumns} from events where slice % 2 = ${half} and recorded_at > '${since}' ` +
          `order by recorded_at, slice, position) to '${file}'`
      )
      rows += rowCount
    }
    const started = performance.now()
    yield* Effect.forEach(
      connections.map((connection, half) => [connection, files[half]] as const),
      ([connection, file]) => connection.query(`copy copied_events (${copyColumns}) from '${file}'`, [], false),
      { concurrency: 2, discard: true }
    )
    const rate = rows / (performance.now() - started) * 1000
    yield* run("truncate copied_events")
    yield* Effect.promise(() => Promise.all(files.map((file) => rm(file, { force: true }))))
    return rate
  })
