import { PgClient } from "@effect/sql-pg"
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { SqlClient } from "effect/sql"
import { migrate } from "../../../src/database/Migrations.ts"
import { partitionSettings, TestDatabase } from "../../support/database/TestDatabase.ts"
import { testApplication } from "../../support/database/TestSql.ts"
import { type Program, startProgram } from "../../support/service/program.ts"
import { startService } from "../../support/service/ServiceProcess.ts"
import { until } from "../../support/time/until.ts"
import { startLoad } from "./Load.ts"
import type { Told } from "./scenario.ts"

/** A log in one database, two processes with load on both, and servers `s1`, `s2`, … */
export const underLoad = Effect.fnUntraced(function*(told: Told, servers = 1) {
  const database = yield* TestDatabase
  const { DATABASE_SERVERS = "" } = yield* partitionSettings(1 + servers)
  const settings = { DATABASE_SERVERS }
  const services = yield* Effect.all([1, 2].map(() => startService(settings)), { concurrency: 2 })
  const load = yield* startLoad({ seed: told.seed, urls: () => services.map(({ url }) => url), perSecond: 300 })
  yield* until(() => load.answered() > 5)
  const home = Redacted.value(database.url)
  return {
    services,
    load,
    settings,
    urls: Object.fromEntries([
      ["home", home],
      ...DATABASE_SERVERS.split(" ").map((server) => [server.slice(0, server.indexOf("=")), server.slice(server.indexOf("=") + 1)])
    ]) as Readonly<Record<string, string>>,
    command: (...args: ReadonlyArray<string>) => startProgram(["partitions", ...args], { DATABASE_URL: home, ...settings })
  }
})

/** Fails with what a command said, unless it succeeded. */
export const succeeds = Effect.fnUntraced(function*(command: Program) {
  const { code, signal } = yield* command.ended
  assert.strictEqual(code ?? signal, 0, command.stdout() + command.stderr())
  return command.stdout()
})

/**
 * Has a database as a target take some milliseconds for each slice of a fence, so that a command
 * can be killed in the middle of one.
 */
export const slowTarget = (url: string, milliseconds = 3) =>
  Effect.gen(function*() {
    const sql = yield* PgClient.PgClient
    yield* Effect.provideService(migrate, SqlClient.SqlClient, sql)
    yield* sql`
      create function slow() returns trigger language plpgsql as $$
      begin perform pg_sleep(${sql.literal(String(milliseconds / 1000))}); return new; end $$`
    yield* sql`create trigger slow before insert on fenced_heads for each row execute function slow()`
    // For what is replicated, and for nothing else.
    yield* sql`alter table fenced_heads enable replica trigger slow`
  }).pipe(Effect.provide(PgClient.layer({ url: Redacted.make(url), applicationName: testApplication })))

/** Whether a database has set its slices aside for a move. */
export const isFenced = (url: string) =>
  Effect.map(Effect.flatMap(PgClient.PgClient, (sql) => sql`select from partition_fence where is_fenced`), (rows) => rows.length > 0).pipe(
    Effect.provide(PgClient.layer({ url: Redacted.make(url), applicationName: testApplication }))
  )

/** The milliseconds that a command says the slices were served nowhere. */
export const fencedOf = (said: string): number => Number(/nowhere for (\d+) ms/.exec(said)?.[1])
