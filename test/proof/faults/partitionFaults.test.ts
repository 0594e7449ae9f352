import { PgClient } from "@effect/sql-pg"
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { SqlClient } from "effect/sql"
import { setTimeout } from "node:timers/promises"
import { migrate } from "../../../src/database/Migrations.ts"
import { partitionSettings, TestDatabase } from "../../support/database/TestDatabase.ts"
import { testApplication } from "../../support/database/TestSql.ts"
import { type Program, startProgram } from "../../support/service/program.ts"
import { startService } from "../../support/service/ServiceProcess.ts"
import { until } from "../../support/time/until.ts"
import { counterProblems, logProblems } from "./checkExactness.ts"
import { type LoadOutcome, startLoad } from "./Load.ts"
import { scenario, type Told } from "./scenario.ts"

/** A log in one database, two processes of the service, load on both, and a server to move to. */
const underLoad = Effect.fnUntraced(function*(told: Told) {
  const database = yield* TestDatabase
  const { DATABASE_SERVERS = "" } = yield* partitionSettings(2)
  const settings = { DATABASE_SERVERS }
  const services = yield* Effect.all([1, 2].map(() => startService(settings)), { concurrency: 2 })
  const load = yield* startLoad({ seed: told.seed, urls: () => services.map(({ url }) => url), perSecond: 300 })
  yield* until(() => load.answered() > 5)
  const home = Redacted.value(database.url)
  return {
    services,
    load,
    urls: { home, s1: DATABASE_SERVERS.slice("s1=".length) } as Readonly<Record<string, string>>,
    command: (...args: ReadonlyArray<string>) => startProgram(["partitions", ...args], { DATABASE_URL: home, ...settings })
  }
})

/** Fails with what a command said, unless it succeeded. */
const succeeds = Effect.fnUntraced(function*(command: Program) {
  const { code, signal } = yield* command.ended
  assert.strictEqual(code ?? signal, 0, command.stdout() + command.stderr())
  return command.stdout()
})

/**
 * Has a database as a target take more than half a second for each fence, so that a command can be
 * killed in the middle of one.
 */
const slowTarget = (url: string) =>
  Effect.gen(function*() {
    const sql = yield* PgClient.PgClient
    yield* Effect.provideService(migrate, SqlClient.SqlClient, sql)
    yield* sql`create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(0.003); return new; end $$`
    yield* sql`create trigger slow before insert on fenced_heads for each row execute function slow()`
    // For what is replicated, and for nothing else.
    yield* sql`alter table fenced_heads enable replica trigger slow`
  }).pipe(Effect.provide(PgClient.layer({ url: Redacted.make(url), applicationName: testApplication })))

/** Where a command is killed: milliseconds after it has said that it has come to a step. */
const kills = [
  ["preparing", 0],
  ["preparing", 400],
  ["copying", 2000],
  ["fencing", 0],
  ["fencing", 200],
  ["fencing", 350],
  ["fencing", 500],
  ["leaving", 0]
] as const

/** Whether a database has set its slices aside for a move. */
const isFenced = (url: string) =>
  Effect.map(Effect.flatMap(PgClient.PgClient, (sql) => sql`select from partition_fence where is_fenced`), (rows) => rows.length > 0).pipe(
    Effect.provide(PgClient.layer({ url: Redacted.make(url), applicationName: testApplication }))
  )

/** The milliseconds that a command says the slices were served nowhere. */
const fencedOf = (said: string): number => Number(/nowhere for (\d+) ms/.exec(said)?.[1])

/** All that is wrong in the log of a database and in the answers of all processes. */
const assertAllExact = Effect.fnUntraced(
  function*(told: Told, url: string, services: ReadonlyArray<{ readonly url: string }>, outcome: LoadOutcome) {
    const problems = yield* logProblems(outcome).pipe(
      Effect.provide(PgClient.layer({ url: Redacted.make(url), applicationName: testApplication }))
    )
    const ofCounters = yield* Effect.forEach(services, (service) => counterProblems(service.url, outcome.acknowledged))
    told.tell(`${outcome.accepted} accepted, 503 ${outcome.unavailable} times, slowest answer ${(outcome.slowest / 1000).toFixed(1)} s`)
    assert.strictEqual([...problems, ...ofCounters.flat()].join("\n"), "")
  }
)

scenario("a partition moves under load, there and back", 300, (told) =>
  Effect.gen(function*() {
    const { command, load, services, urls } = yield* underLoad(told)
    for (const server of ["s1", "home"]) {
      const fenced = fencedOf(yield* succeeds(yield* command("move", "0", "--to", server)))
      told.tell(`served nowhere for ${fenced} ms`)
      assert.isBelow(fenced, 2000)
      const after = load.answered()
      yield* until(() => load.answered() > after + 5)
    }
    yield* assertAllExact(told, urls["home"] ?? "", services, yield* load.finish)
  }).pipe(Effect.provide(TestDatabase.layer)))

scenario("a move is killed at every step, and goes on or goes back", 600, (told) =>
  Effect.gen(function*() {
    const { command, load, services, urls } = yield* underLoad(told)
    let at = "home"
    for (const url of Object.values(urls)) yield* slowTarget(url)
    let killed = 0
    let inFence = 0
    for (const [step, wait] of kills) {
      const to = at === "home" ? "s1" : "home"
      const first = yield* command("move", "0", "--to", to)
      yield* until(() => new RegExp(`^${step}`, "m").test(first.stderr()) || first.stdout() !== "")
      yield* Effect.promise(() => setTimeout(wait))
      yield* first.signal("SIGKILL")
      yield* first.ended
      killed++
      if (yield* isFenced(urls[at] ?? "")) inFence++
      // Every second one goes back, unless it has come too far.
      const back = killed % 2 === 0 ? yield* command("cancel", "0") : undefined
      const isBack = back !== undefined && (yield* back.ended).code === 0
      if (!isBack) {
        const again = yield* command("move", "0", "--to", to)
        const { code } = yield* again.ended
        // It had ended before it was killed.
        if (code !== 0) assert.match(again.stderr(), /has partition 0/)
        at = to
      }
      const after = load.answered()
      yield* until(() => load.answered() > after + 5)
    }
    told.tell(`${killed} kills, ${inFence} of them in the fence`)
    assert.isAbove(inFence, 0)
    yield* assertAllExact(told, urls[at] ?? "", services, yield* load.finish)
  }).pipe(Effect.provide(TestDatabase.layer)))

scenario("a process that sleeps over a move neither stores nor reads wrongly", 300, (told) =>
  Effect.gen(function*() {
    const { command, load, services, urls } = yield* underLoad(told)
    const [sleeper] = services
    if (sleeper === undefined) return
    yield* sleeper.signal("SIGSTOP")
    yield* succeeds(yield* command("move", "0", "--to", "s1"))
    yield* sleeper.signal("SIGCONT")
    const after = load.answered()
    yield* until(() => load.answered() > after + 20)
    yield* assertAllExact(told, urls["s1"] ?? "", services, yield* load.finish)
  }).pipe(Effect.provide(TestDatabase.layer)))
