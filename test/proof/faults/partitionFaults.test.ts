import { PgClient } from "@effect/sql-pg"
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { setTimeout } from "node:timers/promises"
import { TestDatabase } from "../../support/database/TestDatabase.ts"
import { testApplication } from "../../support/database/TestSql.ts"
import { until } from "../../support/time/until.ts"
import { counterProblems, logProblems } from "./checkExactness.ts"
import type { LoadOutcome } from "./Load.ts"
import { fencedOf, isFenced, slowTarget, succeeds, underLoad } from "./movingUnderLoad.ts"
import { scenario, type Told } from "./scenario.ts"

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
