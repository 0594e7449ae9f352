import { afterAll, assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Counters } from "../../../src/counters/Counters.ts"
import { EventLog } from "../../../src/event-log/EventLog.ts"
import { Partitions } from "../../../src/partitions/Partitions.ts"
import { MostThreads } from "../../../src/projections/runner/MostThreads.ts"
import { ProjectionRunner } from "../../../src/projections/runner/ProjectionRunner.ts"
import { Slice } from "../../../src/values/Slice.ts"
import { UserId } from "../../../src/values/UserId.ts"
import { partitionedDatabase } from "../../support/database/TestDatabase.ts"
import { bet } from "../../support/events/events.ts"
import { newEvent, userInSlice } from "../../support/events/newEvent.ts"
import { newTenant } from "../../support/service/newTenant.ts"
import { threadedTestService } from "../../support/service/TestService.ts"
import { untilEffect } from "../../support/time/until.ts"

const folder = mkdtempSync(join(tmpdir(), "playtally-thread-"))
afterAll(() => rmSync(folder, { recursive: true }))
const entry = new URL("./mortalThread.ts", import.meta.url)

for (const { partitions, threads } of [{ partitions: 1, threads: 1 }, { partitions: 4, threads: 1 }]) {
  const died = join(folder, `died-${partitions}-${threads}`)
  const service = Layer.unwrap(Effect.sync(() => {
    process.env["MORTAL_THREAD"] = died
    return threadedTestService(entry)
  })).pipe(Layer.provide(Layer.succeed(MostThreads, threads)), Layer.provideMerge(partitionedDatabase(partitions)))

  layer(service, { excludeTestServices: true })(`${partitions} partitions, ${threads} projections' threads`, (it) => {
    it.effect("feed as they are told, and go on from the checkpoints after they died", () =>
      Effect.gen(function*() {
        const log = yield* EventLog
        const counters = yield* Counters
        const runner = yield* ProjectionRunner
        const tenant = yield* newTenant("threaded")
        const users = Array.from({ length: 20 }, (_, index) => userInSlice(tenant, index * 13))
        yield* Effect.flatMap(Partitions, (set) => set.knowTenant(tenant.tenantId, users.map((_, index) => Slice(index * 13))))
        let bets = 0
        const betOnce = Effect.suspend(() =>
          log.append(users.map((user) => newEvent(tenant, bet({ user_id: user, unique_id: `${bets}` }))))
        ).pipe(Effect.tap(() => Effect.sync(() => bets++)))
        const counted = Effect.map(
          counters.read(tenant, users.map((each) => UserId(each)), {
            sections: ["casino"],
            consistency: { _tag: "Strong", waitSeconds: 60 }
          }),
          (documents) => documents.map(({ casino }) => (casino as Record<string, { readonly bet_count: number }>)["EUR"]?.bet_count)
        )

        yield* betOnce
        assert.deepStrictEqual(yield* counted, users.map(() => 1))
        yield* untilEffect(Effect.sync(() => runner.status().versions.includes("casino v1")))

        writeFileSync(`${died}.now`, "")
        yield* Effect.repeat(betOnce, { until: () => existsSync(died) })
        yield* betOnce
        assert.deepStrictEqual(yield* counted, users.map(() => bets))
        assert.isTrue(runner.status().running)
        // Each thread was started once, and again after its death.
        assert.lengthOf(readFileSync(`${died}.started`, "utf8"), 2 * threads)
      }), 120_000)
  })
}
