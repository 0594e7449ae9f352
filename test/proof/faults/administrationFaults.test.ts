import { PgClient } from "@effect/sql-pg"
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { migrations } from "../../../migrations/index.ts"
import { seededRandom } from "../../oracle/random.ts"
import { TestDatabase } from "../../support/database/TestDatabase.ts"
import { testSql } from "../../support/database/TestSql.ts"
import { type Program, startProgram } from "../../support/service/program.ts"
import { startService } from "../../support/service/ServiceProcess.ts"
import { untilEffect } from "../../support/time/until.ts"
import { assertExact, counterProblems } from "./checkExactness.ts"
import { startLoad } from "./Load.ts"
import { scenario } from "./scenario.ts"
import { copyWithNextVersion } from "./workingCopy.ts"

const databaseUrl = Effect.map(TestDatabase, ({ url }) => Redacted.value(url))

const command = (args: ReadonlyArray<string>, folder?: string) =>
  Effect.flatMap(databaseUrl, (url) => startProgram(args, { DATABASE_URL: url }, folder))

/** Runs a command to its end, which must be a good one; what it printed. */
const succeed = Effect.fnUntraced(function*(args: ReadonlyArray<string>, folder?: string) {
  const program = yield* command(args, folder)
  const { code } = yield* program.ended
  assert.strictEqual(code, 0, `${args.join(" ")}: ${program.stdout()}${program.stderr()}`)
  return program.stdout()
})

/** Waits until a command that has just been started is at work in the database. */
const atWork = (program: Program, before: ReadonlySet<number>) =>
  Effect.gen(function*() {
    const sql = yield* PgClient.PgClient
    yield* Effect.raceFirst(
      untilEffect(Effect.map(sessions(sql), (pids) => pids.some((pid) => !before.has(pid)))),
      program.ended
    )
  })

const sessions = (sql: PgClient.PgClient) =>
  Effect.map(
    sql<{ pid: number }>`select pid from pg_stat_activity where datname = current_database() and application_name = 'playtally'`,
    (rows) => rows.map(({ pid }) => pid)
  )

/**
 * Starts a command and kills it up to so many milliseconds after it has come to the database;
 * whether that was before its end.
 */
const killAtWork = Effect.fnUntraced(function*(args: ReadonlyArray<string>, milliseconds: number, folder?: string) {
  const sql = yield* PgClient.PgClient
  const before = new Set(yield* sessions(sql))
  const program = yield* command(args, folder)
  yield* atWork(program, before)
  yield* Effect.sleep(milliseconds)
  yield* program.signal("SIGKILL")
  const { code, signal } = yield* program.ended
  // What was cut over before it was killed, or not yet, is refused the second time.
  const isRefused = code === 1 && /is the active version already|no version of casino to go back to/.test(program.stderr())
  assert.isTrue(signal === "SIGKILL" || code === 0 || isRefused, `${args.join(" ")}: ${program.stdout()}${program.stderr()}`)
  return signal === "SIGKILL"
})

scenario("kill -9 of migrations, 12 times", 120, (told) => {
  const random = seededRandom(told.seed)
  const once = (last: boolean) =>
    Effect.gen(function*() {
      const sql = yield* PgClient.PgClient
      const killed = yield* killAtWork(["migrate"], random.below(180))
      const [first, second] = yield* Effect.all([command(["migrate"]), command(["migrate"])])
      // One of two that start at once, wherever it is.
      yield* Effect.sleep(random.below(1200))
      yield* first.signal("SIGKILL")
      yield* first.ended
      assert.strictEqual((yield* second.ended).code, 0, second.stdout() + second.stderr())
      assert.deepStrictEqual(
        (yield* sql<
          { name: string }
        >`select lpad(migration_id::text, 4, '0') || '_' || name as name from playtally_migrations order by migration_id`)
          .map(({ name }) => name),
        Object.keys(migrations)
      )
      if (!last) return killed
      const service = yield* startService()
      const load = yield* startLoad({ seed: told.seed, urls: () => [service.url] })
      yield* load.served
      yield* Effect.sleep("2 seconds")
      yield* assertExact(told, { url: yield* databaseUrl }, service.url, yield* load.finish)
      return killed
    }).pipe(Effect.scoped, Effect.provide(Layer.fresh(testSql)))
  return Effect.gen(function*() {
    let killed = 0
    for (let kill = 0; kill < 12; kill++) killed += (yield* once(kill === 11)) ? 1 : 0
    told.tell(`${killed} killed before the end, each database whole after the next run`)
    assert.isAbove(killed, 1)
  })
})

scenario("kill -9 of rebuilds and of cut-overs under load", 240, (told) =>
  Effect.gen(function*() {
    const random = seededRandom(told.seed)
    const url = yield* databaseUrl
    const folder = yield* copyWithNextVersion("casino")
    const first = yield* startService()
    let service = first
    const load = yield* startLoad({ seed: told.seed, urls: () => [service.url] })
    yield* load.served
    yield* Effect.sleep("5 seconds")
    service = yield* startService({}, folder)
    yield* first.signal("SIGTERM")
    yield* first.ended

    let rebuilds = 0
    for (let kill = 0; kill < 16 && rebuilds < 6; kill++) {
      const again = random.chance(0.4) ? ["--again"] : []
      rebuilds += (yield* killAtWork(["projections", "rebuild", "casino", ...again], random.below(500), folder)) ? 1 : 0
      if (kill !== 3) continue
      // The service that feeds the versions too.
      yield* service.signal("SIGKILL")
      yield* service.ended
      service = yield* startService({}, folder)
    }
    yield* succeed(["projections", "rebuild", "casino"], folder)
    yield* succeed(["projections", "diff", "casino"], folder)

    let cutOvers = 0
    for (let kill = 0; kill < 20 && cutOvers < 6; kill++) {
      const way = kill % 2 === 0 ? ["activate", "casino", "--accept"] : ["rollback", "casino"]
      cutOvers += (yield* killAtWork(["projections", ...way], random.below(400), folder)) ? 1 : 0
      yield* load.served
    }
    const sql = yield* PgClient.PgClient
    const active = Effect.map(
      sql<{ version: number }>`select active_version as version from projections where projection = 'casino'`,
      ([row]) => row?.version
    )
    const next = (yield* active) === 1 ? 2 : 1
    told.tell(`${rebuilds} rebuilds and ${cutOvers} cut-overs killed before their end`)
    assert.isAbove(rebuilds, 3)
    assert.isAbove(cutOvers, 1)
    yield* succeed(["projections", "activate", "casino", "--version", String(next)], folder)
    assert.strictEqual(yield* active, next)
    const outcome = yield* load.finish
    yield* assertExact(told, { url, folder }, service.url, outcome)
    // And the other version says the same.
    yield* succeed(["projections", "rollback", "casino"], folder)
    assert.notStrictEqual(yield* active, next)
    assert.deepStrictEqual(yield* counterProblems(service.url, outcome.acknowledged), [])
  }).pipe(Effect.provide(testSql)))
