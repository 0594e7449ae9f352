import { assert, layer } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Counters } from "../../../src/counters/Counters.ts"
import { EventLog } from "../../../src/event-log/EventLog.ts"
import { byCurrency } from "../../../src/projections/projection/byCurrency.ts"
import { count } from "../../../src/projections/projection/Column.ts"
import type { AnyProjection } from "../../../src/projections/projection/Projection.ts"
import * as Projection from "../../../src/projections/projection/Projection.ts"
import { ProjectionVersions } from "../../../src/projections/versions/ProjectionVersions.ts"
import { Tenants } from "../../../src/tenants/Tenants.ts"
import { UserId } from "../../../src/values/UserId.ts"
import { TestDatabase } from "../../support/database/TestDatabase.ts"
import { bet } from "../../support/events/events.ts"
import { newEvent } from "../../support/events/newEvent.ts"
import { strong } from "../../support/service/strong.ts"
import { testService } from "../../support/service/TestService.ts"

const columns = { bet_count: count, big_count: count }

/** What a bet adds in version 2, by the user's name and the currency. Version 1 adds a thousand. */
const added: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  same: { EUR: 1000, USD: 1000 },
  // Both rows change: the user counts once, by the larger change.
  both: { EUR: 1009, USD: 1010 },
  opposite: { EUR: 1100, USD: 0 },
  ten: { EUR: 1010, USD: 1000 },
  less: { EUR: 991, USD: 1000 }
}

const bets = (version: number): AnyProjection =>
  Projection.make({
    name: "bets",
    version,
    events: ["realtime-casino"],
    totals: { key: ["currency"], columns },
    contribute: ({ data, userId }) => {
      const own = version === 1 ? 1000 : added[userId]?.[data.currency] ?? 1000
      return [{ currency: data.currency, bet_count: own, big_count: userId === "less" && version === 2 ? 0 : 1 }]
    },
    section: byCurrency(columns)
  })

layer(TestDatabase.layer, { excludeTestServices: true })("the sizes of changes", (it) => {
  it.effect("count each user once in a column, by the largest change of a row", () =>
    Effect.gen(function*() {
      const [before, after] = [bets(1), bets(2)]
      yield* Effect.scoped(Effect.gen(function*() {
        const service = yield* Layer.build(Layer.fresh(testService({ projections: [before] })))
        const tenant = yield* Context.get(service, Tenants).create("brand", "UTC")
        const users = Object.keys(added)
        yield* Context.get(service, EventLog).append(
          users.flatMap((userId) => ["EUR", "USD"].map((currency) => newEvent(tenant, { ...bet({ currency }), userId: UserId(userId) })))
        )
        yield* Context.get(service, Counters).read(tenant, users.map((each) => UserId(each)), { sections: ["bets"], consistency: strong })
      }))
      const service = yield* Layer.build(Layer.fresh(testService({ projections: [before, after] })))
      const { diff, rebuild } = Context.get(service, ProjectionVersions)
      yield* rebuild([{ name: "bets" }])
      const compared: Array<number> = []
      const { diff: { changedUsers, sizes } } = yield* diff({ name: "bets" }, {
        onCompared: ({ done, total }) => Effect.sync(() => compared.push(done / total))
      })
      assert.strictEqual(changedUsers, 4)
      assert.deepStrictEqual(compared.at(-1), 1)
      const inOrder = sizes.toSorted((a, b) => a.column < b.column ? -1 : a.column > b.column ? 1 : a.exponent - b.exponent)
      assert.deepStrictEqual(inOrder, [
        { column: "bet_count", exponent: 0, up: 0, down: 1 },
        { column: "bet_count", exponent: 1, up: 2, down: 0 },
        { column: "bet_count", exponent: 3, up: 0, down: 1 },
        { column: "big_count", exponent: 0, up: 0, down: 1 }
      ])
    }).pipe(Effect.scoped))
})
