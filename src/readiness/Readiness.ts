import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { SqlClient } from "effect/sql"
import { canStore } from "../database/canStore.ts"
import { checkSchema } from "../database/Migrations.ts"
import { unfinishedImport } from "../event-log/unfinishedImport.ts"
import { steadyTime } from "../platform/monotonicClock.ts"
import { ProjectionRunner, type RunnerStatus } from "../projections/runner/ProjectionRunner.ts"
import type { ReadinessChecks } from "./ReadinessChecks.ts"

/** How long the database may take to answer. */
const patience = "2 seconds"
/**
 * How long an answer of the database is used. Requests need no key, and must not load the database.
 */
const timeToLive = "1 second"

/**
 * Whether this process has what it needs for its work (docs/design.md#reading).
 *
 * The server knows whether the process was told to stop.
 */
export class Readiness extends Context.Service<Readiness, {
  /**
   * The current checks. Those of the database are at most a second old.
   *
   * It never fails. A database that does not answer within two seconds is a check that says so.
   */
  readonly check: Effect.Effect<Omit<ReadinessChecks, "draining">>
}>()("playtally/readiness/Readiness") {
  static readonly layer = Layer.effect(
    Readiness,
    Effect.gen(function*() {
      const sql = yield* PgClient.PgClient
      const runner = yield* ProjectionRunner
      const schema = checkSchema.pipe(
        Effect.provideService(SqlClient.SqlClient, sql),
        Effect.andThen(unfinishedImport(sql)),
        Effect.map((begun) => ({ migrations: true, log_whole: Option.isNone(begun) })),
        Effect.catchTag("SchemaMismatch", () => Effect.succeed({ migrations: false, log_whole: false }))
      )
      const asked = Effect.all({ writable: canStore(sql), schema }).pipe(
        Effect.timeout(patience),
        Effect.match({
          onSuccess: ({ schema, writable }) => ({ database: true, writable, ...schema }),
          onFailure: () => ({ database: false, writable: false, migrations: false, log_whole: false })
        })
      )
      const database = (yield* steadyTime)(yield* Effect.cachedWithTTL(asked, timeToLive))
      return Readiness.of({ check: Effect.map(database, (checks) => ({ ...checks, projections: projectionChecks(runner.status()) })) })
    })
  )
}

/** The checks of the projections, from what their runner says. */
export const projectionChecks = (status: RunnerStatus): ReadinessChecks["projections"] => ({
  running: status.running,
  gaps: status.gaps,
  lag_events: status.lagEvents,
  lag_seconds: status.lagSeconds,
  ranking_lag_events: status.rankingLagEvents,
  ranking_lag_seconds: status.rankingLagSeconds,
  parked_users: status.parkedUsers
})
