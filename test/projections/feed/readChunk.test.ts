import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { EventLog } from "../../../src/event-log/EventLog.ts"
import type { WithheldEvent } from "../../../src/event-log/RecordedEvent.ts"
import { type EventType, eventTypes, type FastTrackEvent } from "../../../src/fasttrack/FastTrackEvent.ts"
import { readChunk } from "../../../src/projections/feed/readChunk.ts"
import { Position } from "../../../src/values/Position.ts"
import { Slice } from "../../../src/values/Slice.ts"
import { UserId } from "../../../src/values/UserId.ts"
import { seededRandom } from "../../oracle/random.ts"
import { TestDatabase } from "../../support/database/TestDatabase.ts"
import { bet } from "../../support/events/events.ts"
import { newEvent, userInSlice } from "../../support/events/newEvent.ts"
import { newTenant } from "../../support/service/newTenant.ts"
import { testService } from "../../support/service/TestService.ts"

const login = (userId: string, unique_id: string): FastTrackEvent => ({
  event: "realtime-login",
  userId: UserId(userId),
  occurredAt: Date.UTC(2026, 0, 1),
  data: { entry_timestamp: null, process_timestamp: null, unique_id }
})

const all = new Set(eventTypes)
const slices = [3, 4, 5]
const types: ReadonlyArray<ReadonlyArray<EventType>> = [["realtime-casino"], ["realtime-login"], ["realtime-casino", "realtime-login"], [
  "realtime-payment"
]]

const reader = (log: EventLog["Service"]) => ({ log, fetch: (withheld: ReadonlyArray<WithheldEvent>) => log.fetch(withheld, bytes) })
const bytes = 1024 * 1024

layer(testService({ projections: [] }).pipe(Layer.provideMerge(TestDatabase.layer)), { excludeTestServices: true })("readChunk", (it) => {
  it.effect("of some types reads of them what that of all does, and gets as far, with and without a hole", () =>
    Effect.gen(function*() {
      const log = yield* EventLog
      const sql = yield* PgClient.PgClient
      const tenant = yield* newTenant("chunks")
      const random = seededRandom(5)
      for (const slice of slices) {
        const user = userInSlice(tenant, slice)
        yield* log.append(
          Array.from({ length: 40 }, (_, index) =>
            newEvent(tenant, random.chance(0.6) ? bet({ user_id: UserId(user), unique_id: `${index}` }) : login(user, `${index}`)))
        )
      }
      const compare = Effect.gen(function*() {
        for (const limit of [1, 3, 7, 40, 100]) {
          const from = new Map(slices.map((slice) => [Slice(slice), Position(random.below(41))]))
          const whole = yield* readChunk(reader(log), from, { events: limit, bytes }, all)
          for (const some of types) {
            const { events, ...rest } = yield* readChunk(reader(log), from, { events: limit, bytes }, new Set(some))
            assert.deepStrictEqual(
              events.filter(({ event }) =>
                event !== null && some.includes(event.event)
              ),
              whole.events.filter(({ event }) => event !== null && some.includes(event.event))
            )
            if (rest.gaps.length === 0) assert.isTrue(events.every(({ event }) => event !== null && some.includes(event.event)))
            assert.deepStrictEqual(
              { ...rest, more: rest.more.toSorted(), reached: [...rest.reached].toSorted() },
              { gaps: whole.gaps, more: whole.more.toSorted(), reached: [...whole.reached].toSorted() }
            )
          }
        }
      })
      yield* Effect.repeat(compare, { times: 4 })

      // What is appended while it looks is no hole.
      const user = userInSlice(tenant, 6)
      let last = 0
      const appending = yield* Effect.forkChild(Effect.forEach(
        Array.from({ length: 150 }, (_, index) => index),
        (index) => Effect.map(log.append([newEvent(tenant, bet({ user_id: UserId(user), unique_id: `${index}` }))]), () => last++),
        { discard: true }
      ))
      while (appending.pollUnsafe() === undefined) {
        const { gaps } = yield* readChunk(
          reader(log),
          new Map([[Slice(6), Position(Math.max(0, last - 2))]]),
          { events: 100, bytes },
          new Set(["realtime-casino"])
        )
        assert.deepStrictEqual(gaps, [])
      }

      yield* sql`alter table events disable trigger user`
      yield* sql`delete from events where slice = 4 and position = 20`
      assert.deepStrictEqual(
        (yield* readChunk(reader(log), new Map([[Slice(4), Position(15)]]), { events: 10, bytes }, new Set(["realtime-casino"]))).gaps,
        [{ slice: 4, position: 20 }]
      )
      yield* Effect.repeat(compare, { times: 4 })
      // As large as what is looked at.
      yield* sql`delete from events where slice = 4 and position between 20 and 25`
      assert.deepStrictEqual(
        (yield* readChunk(reader(log), new Map([[Slice(4), Position(19)]]), { events: 5, bytes }, new Set(["realtime-casino"]))).gaps,
        [{ slice: 4, position: 20 }]
      )
      yield* Effect.repeat(compare, { times: 4 })
    }))
})
