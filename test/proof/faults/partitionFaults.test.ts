import { PgClient } from "@effect/sql-pg"
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { setTimeout } from "node:timers/promises"
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
    let kills = 0
    for (
      const [step, wait] of [
        ["preparing", 0],
        ["preparing", 400],
        ["copying", 0],
        ["copying", 2000],
        ["fencing", 0],
        ["fencing", 60],
        ["fencing", 150],
        ["fencing", 300],
        ["leaving", 0]
      ] as const
    ) {
      const to = at === "home" ? "s1" : "home"
      const killed = yield* command("move", "0", "--to", to)
      yield* until(() => new RegExp(`^${step}`, "m").test(killed.stderr()) || killed.stdout() !== "")
      yield* Effect.promise(() => setTimeout(wait))
      yield* killed.signal("SIGKILL")
      yield* killed.ended
      kills++
      // Every second one goes back, unless it has come too far.
      const back = kills % 2 === 0 ? yield* command("cancel", "0") : undefined
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
    told.tell(`${kills} kills`)
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
