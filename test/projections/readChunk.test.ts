import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { EventLog } from "../../src/event-log/EventLog.ts"
import type { FastTrackEvent } from "../../src/fasttrack/FastTrackEvent.ts"
import { readChunk, readChunkOf } from "../../src/projections/readChunk.ts"
import { Tenants } from "../../src/tenants/Tenants.ts"
import { seededRandom } from "../reference/random.ts"
import { bet, newEvent, userInSlice } from "../support/newEvent.ts"
import { TestDatabase } from "../support/TestDatabase.ts"
import { testService } from "../support/TestService.ts"

const login = (userId: string, unique_id: string): FastTrackEvent => ({
  event: "realtime-login",
  userId,
  occurredAt: Date.UTC(2026, 0, 1),
  data: { entry_timestamp: null, process_timestamp: null, unique_id }
})

const slices = [3, 4, 5]
const types = [["realtime-casino"], ["realtime-login"], ["realtime-casino", "realtime-login"], ["realtime-payment"]]

layer(testService({ projections: [] }).pipe(Layer.provideMerge(TestDatabase.layer)), { excludeTestServices: true })("readChunkOf", (it) => {
  it.effect("reads what readChunk does of its types, and gets as far, with and without a hole", () =>
    Effect.gen(function*() {
      const log = yield* EventLog
      const sql = yield* PgClient.PgClient
      const tenant = yield* Effect.flatMap(Tenants, ({ create }) => create("chunks", "UTC"))
      const random = seededRandom(5)
      for (const slice of slices) {
        const user = userInSlice(tenant, slice)
        yield* log.append(
          Array.from({ length: 40 }, (_, index) => newEvent(tenant, random.chance(0.6) ? bet(user, `${index}`) : login(user, `${index}`)))
        )
      }
      const compare = Effect.gen(function*() {
        for (const limit of [1, 3, 7, 40, 100]) {
          const from = new Map(slices.map((slice) => [slice, random.below(41)]))
          const whole = yield* readChunk(log, from, limit)
          for (const some of types) {
            const { events, ...rest } = yield* readChunkOf(log, from, limit, some)
            assert.deepStrictEqual(
              events.filter(({ event }) => event !== null && some.includes(event.event)),
              whole.events.filter(({ event }) => event !== null && some.includes(event.event))
            )
            if (rest.holes.length === 0) assert.isTrue(events.every(({ event }) => event !== null && some.includes(event.event)))
            assert.deepStrictEqual(
              { ...rest, more: rest.more.toSorted(), reached: [...rest.reached].toSorted() },
              { holes: whole.holes, more: whole.more.toSorted(), reached: [...whole.reached].toSorted() }
            )
          }
        }
      })
      yield* Effect.repeat(compare, { times: 4 })
      yield* sql`alter table events disable trigger user`
      yield* sql`delete from events where slice = 4 and position = 20`
      assert.deepStrictEqual((yield* readChunkOf(log, new Map([[4, 15]]), 10, ["realtime-casino"])).holes, [4])
      yield* Effect.repeat(compare, { times: 4 })
    }))
})
