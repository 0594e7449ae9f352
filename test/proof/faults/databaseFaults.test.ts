import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { seededRandom } from "../../oracle/random.ts"
import { databaseProxy } from "../../support/database/DatabaseProxy.ts"
import { TestDatabase } from "../../support/database/TestDatabase.ts"
import { readMetric } from "../../support/service/reader.ts"
import { request } from "../../support/service/sender.ts"
import { type ServiceProcess, startService } from "../../support/service/ServiceProcess.ts"
import { assertExact } from "./checkExactness.ts"
import { type Load, startLoad } from "./Load.ts"
import { asTestDatabase, type OwnPostgres, ownPostgres, seesChildren, serverFolder } from "./OwnPostgres.ts"
import { notPossibleHere, scenario, shownTimes, type Told } from "./scenario.ts"

interface Stage {
  readonly postgres: OwnPostgres
  readonly service: ServiceProcess
  readonly load: Load
}

/**
 * A service on a server of its own, under load; afterwards it must be exact, be the process it was,
 * and have everything running.
 */
const onOwnServer = (told: Told, run: (stage: Stage) => Effect.Effect<void, unknown, Scope.Scope>) =>
  Effect.gen(function*() {
    const postgres = yield* ownPostgres(`${yield* serverFolder}/data`)
    const service = yield* Effect.provideService(startService(), TestDatabase, asTestDatabase(postgres))
    const load = yield* startLoad({ seed: told.seed, urls: () => [service.url] })
    yield* load.served
    yield* run({ postgres, service, load })
    yield* ready(service.url)
    yield* assertExact(told, postgres, service.url, yield* load.finish)
  })

/** Waits until the process says that it can do all of its work. */
const ready = (url: string) => Effect.repeat(request(`${url}/readyz`), { while: ({ status }) => status !== 200 })

if (!seesChildren) {
  notPossibleHere("a database that is killed, frozen or full", "only Linux shows a server's processes")
} else {
  scenario("kill -9 of PostgreSQL under load, 8 times", 180, (told) =>
    onOwnServer(
      told,
      Effect.fnUntraced(function*({ load, postgres }) {
        const random = seededRandom(told.seed)
        const times: Array<number> = []
        for (let kill = 0; kill < 8; kill++) {
          yield* Effect.sleep(random.below(1000))
          yield* postgres.kill
          // Sometimes long enough for the service to say so.
          yield* Effect.sleep(random.pick([0, 500, 7000]))
          yield* postgres.start
          times.push(yield* load.served)
        }
        told.tell(`served again ${shownTimes(times)} after PostgreSQL did`)
        assert.isBelow(Math.max(...times), 10_000)
      })
    ))

  scenario(
    "kill -9 of one PostgreSQL process under load, 10 times",
    120,
    (told) =>
      onOwnServer(
        told,
        Effect.fnUntraced(function*({ load, postgres }) {
          const random = seededRandom(told.seed)
          const times: Array<number> = []
          for (let kill = 0; kill < 10; kill++) {
            yield* Effect.sleep(random.below(1000))
            yield* postgres.killBackend
            times.push(yield* load.served)
          }
          told.tell(`served again after ${shownTimes(times)}`)
          assert.isBelow(Math.max(...times), 15_000)
        })
      )
  )

  scenario(
    "a database that stops answering for 45 s",
    180,
    (told) =>
      onOwnServer(
        told,
        Effect.fnUntraced(function*({ load, postgres, service }) {
          const memory = () => Effect.map(readMetric(service.url, "process_resident_memory_bytes"), (bytes) => (bytes ?? 0) / 1024 ** 2)
          yield* Effect.sleep("3 seconds")
          const before = yield* memory()
          const frozen = performance.now()
          yield* postgres.freeze
          // As many as come while nobody is answered: they must not wait for ever, nor all be held.
          const answers: Array<{ readonly status: number; readonly milliseconds: number }> = []
          const ask = (path: string) =>
            Effect.gen(function*() {
              const began = performance.now()
              const { status } = yield* request(service.url + path)
              answers.push({ status, milliseconds: performance.now() - began })
            })
          yield* Effect.forkScoped(Effect.all([
            ask("/healthz"),
            ask("/readyz"),
            ...["1", "2", "3"].map((user) => ask(`/api/v1/users/${user}/counters`)),
            ask("/api/v1/users/1/counters?consistency=strong")
          ], { concurrency: "unbounded" }))
          yield* Effect.sleep("45 seconds")
          const during = yield* memory()
          const unavailable = load.unavailable()
          const thawed = performance.now()
          yield* postgres.thaw
          const time = yield* load.served
          told.tell(
            `${unavailable} answers 503 while it was frozen, ${answers.length} of 6 readings answered (${
              answers.map(({ milliseconds, status }) => `${status} ${(milliseconds / 1000).toFixed(1)} s`).join(", ")
            }); resident memory ${before.toFixed(0)} and ${during.toFixed(0)} MiB; served again after ${shownTimes([time])}`
          )
          assert.isAbove(unavailable, 0, "the sender was told")
          assert.strictEqual(answers.length, 6, `all readings were answered before ${((thawed - frozen) / 1000).toFixed(0)} s had passed`)
          for (const { milliseconds } of answers) assert.isBelow(milliseconds, 45_000)
          assert.isBelow(during - before, 300)
          assert.isBelow(time, 10_000)
        })
      )
  )

  scenario("SIGTERM while the database says nothing", 150, (told) =>
    Effect.gen(function*() {
      const postgres = yield* ownPostgres(`${yield* serverFolder}/data`)
      const start = Effect.provideService(startService(), TestDatabase, asTestDatabase(postgres))
      let service = yield* start
      const load = yield* startLoad({ seed: told.seed, urls: () => [service.url] })
      yield* load.served
      yield* Effect.sleep("1 second")
      yield* postgres.freeze
      yield* Effect.sleep("1 second")
      const began = performance.now()
      yield* service.signal("SIGTERM")
      assert.deepStrictEqual(yield* service.ended, { code: 0, signal: null }, service.stderr())
      const time = performance.now() - began
      told.tell(`ended after ${shownTimes([time])}`)
      yield* postgres.thaw
      service = yield* start
      yield* assertExact(told, postgres, service.url, yield* load.finish)
      assert.isBelow(time, 10_000)
    }))
}

scenario("connections cut under load, 20 times", 120, (told) =>
  Effect.gen(function*() {
    const random = seededRandom(told.seed)
    const { url } = yield* TestDatabase
    const proxy = yield* databaseProxy
    const service = yield* startService({ DATABASE_URL: proxy.url })
    const load = yield* startLoad({ seed: told.seed, urls: () => [service.url] })
    const times: Array<number> = []
    yield* load.served
    for (let cut = 0; cut < 20; cut++) {
      yield* Effect.sleep(random.below(700))
      // What is answered meanwhile is lost, then the connections are.
      yield* random.chance(0.5) ? proxy.loseAnswers : proxy.cut
      yield* Effect.sleep(random.pick([0, 100, 1000]))
      yield* proxy.restore
      times.push(yield* load.served)
    }
    told.tell(`served again after ${shownTimes(times)}`)
    assert.isBelow(Math.max(...times), 10_000)
    yield* ready(service.url)
    yield* assertExact(told, { url: Redacted.value(url) }, service.url, yield* load.finish)
  }).pipe(Effect.provide(TestDatabase.layer)))

scenario("connections that nothing passes any more", 180, (told) =>
  Effect.gen(function*() {
    const { url } = yield* TestDatabase
    const proxy = yield* databaseProxy
    const service = yield* startService({ DATABASE_URL: proxy.url })
    const load = yield* startLoad({ seed: told.seed, urls: () => [service.url] })
    yield* load.served
    yield* Effect.sleep("2 seconds")
    yield* proxy.abandon
    const time = yield* load.served
    told.tell(`served again on new connections after ${shownTimes([time])}`)
    assert.isBelow(time, 45_000)
    yield* ready(service.url)
    yield* assertExact(told, { url: Redacted.value(url) }, service.url, yield* load.finish)
  }).pipe(Effect.provide(TestDatabase.layer)))
