import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { seededRandom } from "../../oracle/random.ts"
import { TestDatabase } from "../../support/database/TestDatabase.ts"
import { type ServiceProcess, startService } from "../../support/service/ServiceProcess.ts"
import { assertExact } from "./checkExactness.ts"
import { startLoad } from "./Load.ts"
import { scenario, shownTimes } from "./scenario.ts"

/** Ends a process by `kill -9` after up to so many milliseconds, and starts another. */
const killAndStart = Effect.fnUntraced(function*(service: ServiceProcess, milliseconds: number) {
  yield* Effect.sleep(milliseconds)
  yield* service.signal("SIGKILL")
  assert.deepStrictEqual(yield* service.ended, { code: null, signal: "SIGKILL" })
})

const databaseUrl = Effect.map(TestDatabase, ({ url }) => ({ url: Redacted.value(url) }))

scenario("kill -9 of the service under load, 50 times", 300, (told) =>
  Effect.gen(function*() {
    const random = seededRandom(told.seed)
    let service = yield* startService()
    const load = yield* startLoad({ seed: told.seed, urls: () => [service.url] })
    const times: Array<number> = []
    yield* load.served
    for (let kill = 0; kill < 50; kill++) {
      yield* killAndStart(service, random.below(700))
      const began = performance.now()
      service = yield* startService()
      yield* load.served
      times.push(performance.now() - began)
    }
    told.tell(`served again after ${shownTimes(times)}`)
    const outcome = yield* load.finish
    assert.isAbove(outcome.lost, 50, "the kills met requests")
    yield* assertExact(told, yield* databaseUrl, service.url, outcome)
  }).pipe(Effect.provide(TestDatabase.layer)))

scenario("SIGTERM under load, 10 times", 120, (told) =>
  Effect.gen(function*() {
    const random = seededRandom(told.seed)
    let service = yield* startService()
    const load = yield* startLoad({ seed: told.seed, urls: () => [service.url] })
    const stopping: Array<number> = []
    const times: Array<number> = []
    yield* load.served
    for (let stop = 0; stop < 10; stop++) {
      yield* Effect.sleep(random.below(700))
      const began = performance.now()
      yield* service.signal("SIGTERM", random.pick(["process", "group"]))
      assert.deepStrictEqual(yield* service.ended, { code: 0, signal: null }, service.stderr())
      stopping.push(performance.now() - began)
      service = yield* startService()
      yield* load.served
      times.push(performance.now() - began)
    }
    told.tell(`stopped after ${shownTimes(stopping)}, served again after ${shownTimes(times)}`)
    assert.isBelow(Math.max(...stopping), 10_000)
    yield* assertExact(told, yield* databaseUrl, service.url, yield* load.finish)
  }).pipe(Effect.provide(TestDatabase.layer)))

for (const processes of [2, 4]) {
  scenario(`${processes} processes on one database, killed and started at random`, 180, (told) =>
    Effect.gen(function*() {
      const random = seededRandom(told.seed)
      const services = yield* Effect.all(Array.from({ length: processes }, () => startService()), { concurrency: processes })
      const alive = new Set(services)
      const load = yield* startLoad({ seed: told.seed, urls: () => [...alive].map(({ url }) => url), connections: 6 })
      const times: Array<number> = []
      yield* load.served
      for (let kill = 0; kill < 8; kill++) {
        // The sender does not know at once that one is gone.
        const victim = random.pick([...alive])
        yield* killAndStart(victim, random.below(700))
        times.push(yield* load.served)
        alive.delete(victim)
        alive.add(yield* startService())
      }
      told.tell(`the others served after ${shownTimes(times)}`)
      const outcome = yield* load.finish
      assert.isAbove(outcome.lost, 0, "the kills met requests")
      yield* assertExact(told, yield* databaseUrl, random.pick([...alive]).url, outcome)
    }).pipe(Effect.provide(TestDatabase.layer)))
}
