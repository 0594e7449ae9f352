import type { PgConnection } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import type { BenchServer } from "./BenchServer.ts"
import { processorTime } from "./processorTime.ts"
import { type Load, rateOf, type Rig } from "./Rig.ts"

/** What events took that were sent and counted. */
export interface EventCost {
  readonly requests: number
  readonly events: number
  /** Events a second. */
  readonly acknowledged: number
  readonly caughtUp: number
  /** Processor time in µs an event, of all its processes, until the counters were caught up. */
  readonly service: number
  readonly postgres: number
}

/**
 * Sends events and waits until the counters have them. Nothing else may run on the server
 * meanwhile, for its processor time is that of all its databases.
 */
export const eventCost = (rig: Rig, server: BenchServer["Service"], load: Load): Effect.Effect<EventCost, SqlError.SqlError> =>
  Effect.gen(function*() {
    const requests = rig.prepare(load)
    yield* rig.quiet
    const look = () => ({ service: processorTime(rig.service.pid), postgres: processorTime(server.pid) })
    const before = look()
    const started = performance.now()
    const sent = yield* rig.send(requests, load)
    yield* rig.caughtUp("counters")
    const seconds = (performance.now() - started) / 1000
    const after = look()
    const events = sent.requests * load.items
    return {
      requests: sent.requests,
      events,
      acknowledged: rateOf(sent, load),
      caughtUp: events / seconds,
      service: (after.service - before.service) / events,
      postgres: (after.postgres - before.postgres) / events
    }
  })

/** PostgreSQL's counters of what was written, for all databases of the server. */
export const written = (sql: PgConnection.PgConnection): Effect.Effect<
  { readonly transactions: number; readonly recordBytes: number },
  SqlError.SqlError
> =>
  // A session tells its statistics at most once a second, so those of the last moment come late.
  Effect.andThen(
    Effect.sleep("1200 millis"),
    Effect.map(
      sql.query(
        `select pg_snapshot_xmax(pg_current_snapshot())::text::float8 as transactions,
           (wal_bytes - wal_fpi * current_setting('block_size')::int)::float8 as bytes
         from pg_stat_wal`,
        [],
        false
      ),
      ({ rows: [row] }) => ({ transactions: Number(row?.["transactions"]), recordBytes: Number(row?.["bytes"]) })
    )
  )
