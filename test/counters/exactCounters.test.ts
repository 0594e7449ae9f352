import { assert, layer } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Counters } from "../../src/counters/Counters.ts"
import { Ingest } from "../../src/ingest/Ingest.ts"
import { UserId } from "../../src/values/UserId.ts"
import { cutIntoBatches, generateItems, seededRandom, shuffle } from "../oracle/generateItems.ts"
import { referenceCounters } from "../oracle/referenceCounters.ts"
import { referenceSections } from "../oracle/referenceSections.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { bulkItems } from "../support/events/bulkItems.ts"
import { newTenant } from "../support/service/newTenant.ts"
import { strong } from "../support/service/strong.ts"
import { testService } from "../support/service/TestService.ts"

/**
 * The law of docs/design.md#counters: every number is a function of the set of a user's events. Two
 * processes on one database take the same items in any order, cut into any batches, repeated, at
 * once; every field of every user must be what a reading of that page that shares no code says.
 */
layer(TestDatabase.layer, { excludeTestServices: true })("counters of any order, batching and repetition", (it) => {
  it.effect.each([
    { seed: 1, timeZone: "UTC" },
    { seed: 2, timeZone: "America/New_York" },
    { seed: 3, timeZone: "Pacific/Apia" }
  ])("seed $seed in $timeZone", ({ seed, timeZone }) =>
    Effect.gen(function*() {
      const now = new Date(yield* Clock.currentTimeMillis)
      const processes = yield* Effect.all([0, 1].map(() => Layer.build(Layer.fresh(testService()))))
      const random = seededRandom(seed)
      const { items, userIds } = generateItems({ seed, users: 60, timeZone, now })
      const tenant = yield* newTenant(`${seed}`, timeZone).pipe(
        Effect.provide(processes[0] ?? Context.empty() as never)
      )

      const batches = cutIntoBatches(random, shuffle(random, items), 300)
      const repeated = shuffle(random, [...batches, ...batches.filter(() => random.chance(0.3))])
      const reports = yield* Effect.forEach(
        repeated,
        (batch, index) =>
          Effect.gen(function*() {
            const decoded = bulkItems(batch)
            const service = processes[index % 2]
            return service === undefined ? undefined : yield* Context.get(service, Ingest).batch(tenant, decoded, { strict: false })
          }),
        { concurrency: 6 }
      )
      assert.deepStrictEqual(reports.flatMap((report) => report?.rejected ?? []), [])

      for (const service of processes) {
        const counters = Context.get(service, Counters)
        const documents = yield* counters.read(tenant, userIds.map((each) => UserId(each)), {
          sections: referenceSections,
          consistency: strong
        })
        const expected = userIds.map((userId) => referenceCounters(items, { timeZone, now, userId }))
        assert.deepStrictEqual(
          documents.map(({ generations: _, position: __, ref: ___, ...document }) => document),
          expected as ReadonlyArray<unknown>
        )
      }
    }), 60_000)
})
