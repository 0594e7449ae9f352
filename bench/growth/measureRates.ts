import type { PgConnection } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { SqlError } from "effect/sql"
import { stat } from "node:fs/promises"
import { join } from "node:path"
import { eventCost, written } from "../eventCost.ts"
import { ranWell } from "../filledDatabase.ts"
import { processorTime, tellsProcessorTime } from "../processorTime.ts"
import { profiles } from "../Profile.ts"
import { type Load, startRig } from "../Rig.ts"
import { type Bench, NotMeasured } from "../Row.ts"
import { quantile } from "../statistics.ts"
import { counters, timedRebuild } from "../timedRebuild.ts"
import { type MeasuredLog, sizes } from "./measureLog.ts"

/** Processor time in µs. */
interface Micros {
  readonly service: number
  readonly postgres: number
}

/** What one process and one PostgreSQL do on this machine. */
export interface Rates {
  /** Events a second that are stored and counted, 1,000 a request. */
  readonly caughtUp: number
  readonly acknowledged: number
  /** Processor time of an event in µs until it is counted. */
  readonly micros: Micros
  /**
   * The same until the leaderboards show it too. Their passes take less an event the more events
   * come in one.
   */
  readonly microsWithBoards: Micros
  /**
   * Bytes of PostgreSQL's own log for an event with all that follows from it, whole pages left out.
   */
  readonly recordBytes: number
  /** Transactions of the database for a request of 1,000 events, with all that follows from it. */
  readonly transactions: number
  /** Events a second of a rebuild of all that makes the counters. */
  readonly rebuild: number
  readonly export: number
  readonly exportBytes: number
  /** Bytes of the table a second of a vacuum that freezes, from memory. */
  readonly freezeBytes: number
  /** Bytes of the projections' rows for an event, at 20 events a user. */
  readonly projectionBytes: number
}

const load: Load = { items: 1_000, connections: 4 }

/** What a service takes for an event, on a database of its own, in the median of some rounds. */
const measureService = (bench: Pick<Bench, "say" | "server">) =>
  Effect.scoped(Effect.gen(function*() {
    const rig = yield* startRig(bench.server, profiles.default, "node")
    const rounds = yield* Effect.forEach([1, 2, 3], (round) =>
      Effect.gen(function*() {
        yield* bench.say(`sending, round ${round} of 3`)
        yield* rig.quiet
        const before = { ...yield* written(rig.sql), micros: processorTime(rig.service.pid), postgres: processorTime(bench.server.pid) }
        const cost = yield* eventCost(rig, bench.server, load)
        yield* bench.say(`waiting for the leaderboards, round ${round} of 3`)
        yield* rig.caughtUp("rankings")
        const after = { ...yield* written(rig.sql), micros: processorTime(rig.service.pid), postgres: processorTime(bench.server.pid) }
        return {
          ...cost,
          withBoards: (after.micros - before.micros) / cost.events,
          postgresWithBoards: (after.postgres - before.postgres) / cost.events,
          recordBytes: (after.recordBytes - before.recordBytes) / cost.events,
          transactions: (after.transactions - before.transactions) / cost.requests
        }
      }))
    const median = (of: (round: typeof rounds[0]) => number) => quantile(rounds.map(of), 0.5)
    return {
      acknowledged: median((round) => round.acknowledged),
      caughtUp: median((round) => round.caughtUp),
      micros: { service: median((round) => round.service), postgres: median((round) => round.postgres) },
      microsWithBoards: { service: median((round) => round.withBoards), postgres: median((round) => round.postgresWithBoards) },
      recordBytes: median((round) => round.recordBytes),
      transactions: median((round) => round.transactions)
    }
  }))

/** Measures them: the service on a fresh database, all else on the filled log. */
export const measureRates = (
  bench: Pick<Bench, "say" | "server">,
  { sql, url }: MeasuredLog
): Effect.Effect<Rates, SqlError.SqlError | NotMeasured, Scope.Scope> =>
  Effect.gen(function*() {
    if (!tellsProcessorTime) return yield* Effect.fail(new NotMeasured("processor time is read from /proc, which this machine has not"))
    const events = Math.max(...sizes.checked)
    const service = yield* measureService(bench)
    yield* bench.say("rebuilding the counters")
    const others = databaseBytes(sql)
    const before = yield* others
    const { rate } = yield* timedRebuild("node", url, counters)
    const projectionBytes = ((yield* others) - before) / events
    yield* bench.say("exporting the log")
    const file = join(bench.server.exchange, "log")
    const exported = yield* timed(ranWell(["scripts/run.mjs", "cli", "events", "export", file], { DATABASE_URL: url }))
    const exportBytes = (yield* Effect.promise(() => stat(file))).size / events
    yield* bench.say("freezing the log")
    const freeze = yield* timed(sql.query("vacuum (freeze, disable_page_skipping) events", [], false))
    const [size] = (yield* sql.query("select pg_relation_size('events')::float8 as bytes", [], false)).rows
    return {
      ...service,
      rebuild: rate,
      export: events / exported,
      exportBytes,
      freezeBytes: Number(size?.["bytes"]) / freeze,
      projectionBytes
    }
  })

/** Bytes of the database without its log. */
const databaseBytes = (sql: PgConnection.PgConnection) =>
  Effect.map(
    sql.query("select (pg_database_size(current_database()) - pg_total_relation_size('events'))::float8 as bytes", [], false),
    ({ rows: [row] }) => Number(row?.["bytes"])
  )

/** Seconds. */
const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const started = performance.now()
    return Effect.map(effect, () => (performance.now() - started) / 1000)
  })
