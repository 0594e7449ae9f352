import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { identityOf, referenceCounters } from "../../oracle/referenceCounters.ts"
import { countEvents } from "../../support/database/everyDatabase.ts"
import { testSql } from "../../support/database/TestSql.ts"
import { assertLogIsSound } from "../../support/database/wholeLog.ts"
import { readCountersOf, readMetric } from "../../support/service/reader.ts"
import { startService } from "../../support/service/ServiceProcess.ts"
import { neverStored, perhapsStored } from "./bulkRequests.ts"
import { fuzzService } from "./fuzzService.ts"

const environment = process.env
const requests = Number(environment["FUZZ_REQUESTS"] ?? 2000)
const from = Number(environment["FUZZ_FROM"] ?? 0)
const isLong = requests > 10_000
/** Without one, every long run tries something else. */
const seed = Number(environment["FUZZ_SEED"] ?? (isLong ? Date.now() % 1_000_000 : 1))

const MiB = 1024 * 1024
/** With the heap of `npm start`, and room beside it for the bodies in flight. */
const heap = "--max-old-space-size=1024"
const mostResident = 1300 * MiB

layer(testSql, { excludeTestServices: true })("hostile requests", (it) => {
  it.effect(
    `${requests} of them, seed ${seed}: each is answered as it should be, and what was acknowledged is what counts`,
    () =>
      Effect.gen(function*() {
        const { ended, stderr, stdout, url } = yield* startService({ NODE_OPTIONS: heap, DENO_V8_FLAGS: heap })
        const memory: Array<{ readonly resident: number; readonly heap: number }> = []
        const look = async () => {
          const [resident = 0, heap = 0] = await Effect.runPromise(Effect.all([
            readMetric(url, "process_resident_memory_bytes"),
            readMetric(url, "playtally_heap_used_bytes")
          ]))
          memory.push({ resident, heap })
        }
        const began = performance.now()
        const { acknowledged, slowest, statuses } = yield* Effect.raceFirst(
          Effect.promise(() => fuzzService({ url, seed, requests, from, progress: look })),
          Effect.flatMap(
            ended,
            ({ code, signal }) => Effect.die(new Error(`the service ended with ${code ?? signal}, seed ${seed}: ${stderr()}`))
          )
        )
        const seconds = (performance.now() - began) / 1000
        yield* Effect.promise(look)

        const mostSeen = Math.max(...memory.map(({ resident }) => resident))
        if (isLong) {
          const counts = [...statuses].toSorted(([a], [b]) => a - b).map(([status, count]) => `${status === 0 ? "none" : status}: ${count}`)
          process.stdout.write(
            `${requests} requests in ${seconds.toFixed(1)} s, seed ${seed}; ${acknowledged.length} items acknowledged; ${
              counts.join(", ")
            }; slowest ${slowest.milliseconds.toFixed(0)} ms (${slowest.request}); resident memory up to ${
              (mostSeen / MiB).toFixed(0)
            } MiB, heap ${memory.map(({ heap }) => (heap / MiB).toFixed(0)).join(" ")}\n`
          )
        }
        assert.isBelow(mostSeen, mostResident)
        // What stays: the least that was in use in the last quarter, against the second.
        const least = (part: number) =>
          Math.min(...memory.slice(memory.length * part / 4, memory.length * (part + 1) / 4).map(({ heap }) => heap))
        if (isLong) assert.isBelow(least(3), 1.5 * least(1) + 32 * MiB)

        // A refusal may be worth a warning to the operator; nothing that was sent is an error.
        assert.notMatch(stdout() + stderr(), /ERROR|FATAL|Request failed/)
        assert.strictEqual(yield* countEvents((sql) => sql`starts_with(user_id, ${neverStored})`), 0)
        assert.strictEqual(
          yield* countEvents((sql) => sql`not starts_with(user_id, ${perhapsStored})`),
          new Set(acknowledged.map(identityOf)).size
        )
        yield* assertLogIsSound
        const byUser = [...Map.groupBy(acknowledged, ({ data }) => data.user_id)]
        for (let start = 0; start < byUser.length; start += 500) {
          const users = byUser.slice(start, start + 500)
          const documents = yield* readCountersOf(url, users.map(([userId]) => userId))
          const now = new Date()
          users.forEach(([userId, items], nth) => {
            const expected = referenceCounters(items, { timeZone: "UTC", now, userId })
            assert.deepStrictEqual(Object.fromEntries(Object.keys(expected).map((key) => [key, documents[nth]?.[key]])), { ...expected })
          })
        }
        if (from === 0 && requests > 1000) {
          assert.isAbove(acknowledged.length, requests)
          for (const status of [200, 204, 304, 400, 401, 404, 405, 413, 415, 417, 422, 431]) {
            if (isLong || ![304, 405, 417, 413].includes(status)) assert.isAbove(statuses.get(status) ?? 0, 0, `an answer ${status}`)
          }
        }
      }),
    isLong ? 3_600_000 : 60_000
  )
})
