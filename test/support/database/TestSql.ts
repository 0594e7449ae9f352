import { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { TestDatabase } from "./TestDatabase.ts"

/**
 * The name under which the tests' own sessions stand in `pg_stat_activity`; the service's begin
 * with "playtally".
 */
export const testApplication = "test"

/** A client of the home database of a log. */
export const sqlOf = <E>(database: Layer.Layer<TestDatabase, E>) =>
  Layer.unwrap(
    Effect.map(TestDatabase, ({ url }) => PgClient.layer({ url, applicationName: testApplication }))
  ).pipe(Layer.provideMerge(database))

/** The test's database with a client of it, whatever the service under test does to its own. */
export const testSql = sqlOf(TestDatabase.layer)
