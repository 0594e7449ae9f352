import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { cutIntoBatches, generateItems, seededRandom, shuffle } from "../oracle/generateItems.ts"
import { testSql } from "../support/database/TestSql.ts"
import { assertCounters, assertLogIsSound, assertNothingElse, assertStored } from "../support/database/wholeLog.ts"
import { deliver } from "../support/service/sender.ts"
import { startService } from "../support/service/ServiceProcess.ts"

const timeZone = "America/New_York"

layer(testSql, { excludeTestServices: true })("two processes on one database", (it) => {
  it.effect("store every event once and count it exactly, whichever process gets it, and how often", () =>
    Effect.gen(function*() {
      const services = yield* Effect.all([1, 2].map(() => startService({ BOOTSTRAP_TIME_ZONE: timeZone })), { concurrency: 2 })
      const random = seededRandom(11)
      const { items } = generateItems({ seed: 11, users: 60, timeZone, now: new Date() })
      const batches = cutIntoBatches(random, shuffle(random, items), 400)
      const repeated = shuffle(random, [...batches, ...batches.filter(() => random.chance(0.4))])

      const answers = yield* Effect.forEach(
        repeated,
        (batch) => {
          const { url } = random.pick(services)
          return deliver(() => url, batch)
        },
        { concurrency: 8 }
      )
      assert.deepStrictEqual(answers.filter(({ status }) => status !== 204), [])

      for (const { url } of services) yield* assertCounters(url, items, timeZone)
      for (const { url } of services) yield* assertStored(url, items, { limit: 1 + random.below(100) })
      yield* assertNothingElse(items)
      yield* assertLogIsSound
    }), 60_000)
})
