import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { cutIntoBatches, generateItems, seededRandom, shuffle } from "../oracle/generateItems.ts"
import { partitionSettings, TestDatabase, testPartitions } from "../support/database/TestDatabase.ts"
import { testSql } from "../support/database/TestSql.ts"
import { assertCounters } from "../support/database/wholeLog.ts"
import { startProgram } from "../support/service/program.ts"
import { deliver, request } from "../support/service/sender.ts"
import { startService } from "../support/service/ServiceProcess.ts"
import { untilEffect } from "../support/time/until.ts"
import { clusterAddress, isLed, ledBy } from "./clusterProcesses.ts"

const isDeno = process.versions["deno"] !== undefined

const inOrder = (numbers: ReadonlyArray<number>) => numbers.toSorted((one, other) => one - other)

/** What `cluster status` says. */
const status = Effect.fnUntraced(function*(settings: Readonly<Record<string, string>>) {
  const { url } = yield* TestDatabase
  const program = yield* startProgram(["cluster", "status"], { DATABASE_URL: Redacted.value(url), ...settings })
  const { code } = yield* program.ended
  assert.strictEqual(code, 0, program.stderr())
  return program.stdout()
})

layer(testSql, { excludeTestServices: true })("a cluster", (it) => {
  it.effect("leads each partition by one of them, counts exactly, and hands over when one stops or dies", () =>
    Effect.gen(function*() {
      const settings = yield* partitionSettings(3)
      const first = yield* startService({ ...settings, ...yield* clusterAddress })
      yield* untilEffect(Effect.map(ledBy(first), (led) => led.length === 3))
      const address = yield* clusterAddress
      const second = yield* startService({ ...settings, ...address })
      yield* untilEffect(Effect.map(Effect.all([ledBy(first), ledBy(second)]), ([one, other]) =>
        one.length > 0 && other.length > 0 && one.length + other.length === 3))
      const led = yield* Effect.all([ledBy(first), ledBy(second)])
      assert.deepStrictEqual(inOrder(led.flat()), [0, 1, 2])
      assert.match((yield* request(`${first.url}/metrics`)).text, /^playtally_cluster_runners 2$/m)

      const { items } = generateItems({ seed: 15, users: 30, itemsPerUser: 8, now: new Date() })
      const random = seededRandom(15)
      const batches = cutIntoBatches(random, shuffle(random, items), 40)
      for (const [nth, batch] of batches.entries()) {
        assert.strictEqual(
          (yield* deliver(() =>
            nth % 2 === 0 ? first.url : second.url, batch)).status,
          204
        )
      }
      yield* assertCounters(second.url, items)
      const told = yield* status(settings)
      assert.match(told, new RegExp(`^${address.CLUSTER_ADDRESS.replaceAll(".", "\\.")} +healthy +\\d s ago$`, "m"))
      for (const partition of led[1]) assert.match(told, new RegExp(`^${partition} +${address.CLUSTER_ADDRESS} +\\d+ s$`, "m"))

      // Told to stop, it hands over.
      yield* second.signal("SIGTERM")
      assert.deepStrictEqual(yield* second.ended, { code: 0, signal: null }, second.stderr())
      yield* untilEffect(Effect.map(ledBy(first), (led) => led.length === 3))
      assert.notMatch(yield* status(settings), new RegExp(address.CLUSTER_ADDRESS))

      // Killed, its partitions are taken over.
      const third = yield* startService({ ...settings, ...yield* clusterAddress })
      yield* untilEffect(Effect.map(ledBy(third), (led) => led.length > 0))
      yield* third.signal("SIGKILL")
      yield* untilEffect(Effect.map(ledBy(first), (led) => led.length === 3))
    }), 180_000)

  it.effect.skipIf(isDeno)("has the supervisor of several processes for one runner, and counts exactly", () =>
    Effect.gen(function*() {
      const { url } = yield* startService({ PROCESSES: "2", ...yield* clusterAddress })
      yield* untilEffect(isLed([{ url }], testPartitions))
      assert.match((yield* request(`${url}/metrics`)).text, /^playtally_cluster_runners\{process="0"\} 1$/m)
      const { items } = generateItems({ seed: 16, users: 10, itemsPerUser: 8, userPrefix: "supervised-", now: new Date() })
      assert.strictEqual((yield* deliver(() => url, items)).status, 204)
      yield* assertCounters(url, items)
    }).pipe(Effect.provide(TestDatabase.layer, { local: true })), 90_000)
})
