import type { PgClient } from "@effect/sql-pg"
import { RunnerStorage, SqlRunnerStorage } from "effect/cluster"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Migrator, SqlClient } from "effect/sql"
import { measureRunners } from "./clusterMetrics.ts"
import { makeLeadTable } from "./LeadTable.ts"
import { tablePrefix } from "./runnerTables.ts"

/**
 * Makes the tables of the cluster, unless they are there.
 *
 * They come with the first runner and not with the service's migrations: who has no cluster has no
 * tables of one. Runners that start together wait for each other.
 */
export const makeTables = Effect.fnUntraced(function*(sql: PgClient.PgClient) {
  yield* sql.withTransaction(Effect.gen(function*() {
    yield* sql`select pg_advisory_xact_lock(hashtext('playtally migrations'))`
    yield* Migrator.make({})({
      loader: SqlRunnerStorage.migrations({ prefix: tablePrefix }),
      table: `${tablePrefix}_migrations`
    })
    yield* makeLeadTable(sql)
  })).pipe(Effect.provideService(SqlClient.SqlClient, sql))
})

/** The runners and their locks in the tables at home; counts those that are alive. */
export const runnerStorage = (sql: PgClient.PgClient) =>
  Layer.effect(
    RunnerStorage.RunnerStorage,
    Effect.map(RunnerStorage.RunnerStorage, (storage) => ({
      ...storage,
      getRunners: Effect.tap(storage.getRunners, (all) => measureRunners(all.filter(([, isHealthy]) => isHealthy).length))
    }))
  ).pipe(
    Layer.provide(SqlRunnerStorage.layerStorage({ prefix: tablePrefix })),
    Layer.provide(Layer.succeed(SqlClient.SqlClient, sql))
  )
