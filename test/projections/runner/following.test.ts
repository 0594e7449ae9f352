import { PgClient } from "@effect/sql-pg"
import { assert, describe, it, layer } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Counters } from "../../../src/counters/Counters.ts"
import { Leads, OwnLeads } from "../../../src/database/Leads.ts"
import { EventLog } from "../../../src/event-log/EventLog.ts"
import { casino } from "../../../src/projections/catalog/casino.ts"
import { leaderboards } from "../../../src/projections/catalog/leaderboards.ts"
import { ProjectionRunner } from "../../../src/projections/runner/ProjectionRunner.ts"
import { StandingSlices } from "../../../src/projections/runner/StandingSlices.ts"
import { following } from "../../../src/projections/runner/tuning.ts"
import { Position } from "../../../src/values/Position.ts"
import { Slice } from "../../../src/values/Slice.ts"
import { UserId } from "../../../src/values/UserId.ts"
import { TestDatabase } from "../../support/database/TestDatabase.ts"
import { bet } from "../../support/events/events.ts"
import { newEvent, userInSlice } from "../../support/events/newEvent.ts"
import { newTenant } from "../../support/service/newTenant.ts"
import { strong } from "../../support/service/strong.ts"
import { testService } from "../../support/service/TestService.ts"
import { until, untilEffect } from "../../support/time/until.ts"

const leads = new Leads()

/** How long an effect takes until it says yes, in milliseconds. */
const timeUntil = <E, R>(condition: Effect.Effect<boolean, E, R>) =>
  Effect.gen(function*() {
    const began = yield* Clock.currentTimeMillis
    yield* untilEffect(condition)
    return (yield* Clock.currentTimeMillis) - began
  })

layer(
  testService({ projections: [casino, leaderboards] }).pipe(
    Layer.provide(Layer.succeed(OwnLeads, leads)),
    Layer.provideMerge(TestDatabase.layer)
  ),
  { excludeTestServices: true }
)("a runner of a partition that another process leads", (it) => {
  it.effect("feeds what stands still, at once what somebody waits for, and everything at once when it leads", () =>
    Effect.gen(function*() {
      const [sql, log, counters, runner] = [yield* PgClient.PgClient, yield* EventLog, yield* Counters, yield* ProjectionRunner]
      const tenant = yield* newTenant()
      const user = (slice: number) => userInSlice(tenant, slice)
      const append = (slice: number, id: string) => log.append([newEvent(tenant, bet({ user_id: user(slice), unique_id: id }))])
      const isFed = (slice: number, projection = "casino") =>
        Effect.map(
          sql`select 1 from checkpoints where slice = ${slice} and projection = ${projection} and position > 0`,
          (rows) => rows.length > 0
        )
      yield* until(() => runner.status().lagEvents === 0 && runner.status().rankingLagEvents === 0)

      yield* append(1, "1")
      assert.isAtLeast(yield* timeUntil(isFed(1)), following.rest)

      yield* append(2, "2")
      const before = yield* Clock.currentTimeMillis
      yield* counters.read(tenant, [UserId(user(2))], { sections: ["casino"], consistency: strong })
      assert.isBelow((yield* Clock.currentTimeMillis) - before, following.rest)
      // Rankings are left to the leader.
      yield* until(() => runner.status().rankingLagEvents === 2)
      assert.isFalse(yield* isFed(2, "leaderboards"))

      leads.set(0, "Leads")
      yield* append(3, "3")
      assert.isBelow(yield* timeUntil(isFed(3)), following.rest)
      yield* untilEffect(isFed(2, "leaderboards"))
    }), 40_000)
})

describe("StandingSlices", () => {
  const at = (slice: number, position: number) => ({ slice: Slice(slice), position: Position(position), events: 1 })

  it("leaves out slices that are seen for the first time, and those that have moved", () => {
    const standing = new StandingSlices()
    assert.deepStrictEqual(standing.since([at(1, 5), at(2, 5)]), [])
    assert.deepStrictEqual(standing.since([at(1, 5), at(2, 6), at(3, 0)]), [at(1, 5)])
    assert.deepStrictEqual(standing.since([at(2, 6)]), [at(2, 6)])
    assert.deepStrictEqual(standing.since([at(1, 5)]), [])
  })
})
