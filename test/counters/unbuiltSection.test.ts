import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Counters } from "../../src/counters/Counters.ts"
import { TimeTravel } from "../../src/counters/history/TimeTravel.ts"
import { EventLog } from "../../src/event-log/EventLog.ts"
import { casino } from "../../src/projections/catalog/casino.ts"
import { logins } from "../../src/projections/catalog/logins.ts"
import { activateVersion } from "../../src/projections/versions/activateVersion.ts"
import { ProjectionCatalog } from "../../src/projections/versions/ProjectionCatalog.ts"
import { rebuild } from "../../src/projections/versions/rebuild.ts"
import { slicesWithEvents } from "../../src/projections/versions/slicesWithEvents.ts"
import { UserId } from "../../src/values/UserId.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { bet } from "../support/events/events.ts"
import { newEvent, userInSlice } from "../support/events/newEvent.ts"
import { newTenant } from "../support/service/newTenant.ts"
import { strong } from "../support/service/strong.ts"
import { testService } from "../support/service/TestService.ts"

const notBuilt = { _tag: "ProjectionNotBuilt", projections: ["logins"] } as const
const eventual = { _tag: "Eventual" } as const

layer(TestDatabase.layer, { excludeTestServices: true })("a section that is still to be rebuilt for the first time", (it) => {
  it.effect("is no part of the documents, and who names it is told that it was never built", () =>
    Effect.gen(function*() {
      const before = yield* Layer.build(testService({ projections: [casino] }))
      const log = Context.get(before, EventLog)
      const tenant = yield* newTenant("unbuilt").pipe(Effect.provide(before))
      // The commands below go to the database at home.
      const player = userInSlice(tenant, 0)
      yield* log.append(["a", "b", "c"].map((id) => newEvent(tenant, bet({ user_id: player, unique_id: id }))))
      yield* Context.get(before, Counters).read(tenant, [UserId(player)], { sections: ["casino"], consistency: strong })

      const again = { ...casino, version: 2 }
      const after = yield* Layer.build(Layer.fresh(testService({ projections: [casino, again, logins] })))
      const counters = Context.get(after, Counters)
      const read = (sections: ReadonlyArray<string>, areNamed: boolean, consistency: typeof strong | typeof eventual = eventual) =>
        counters.read(tenant, [UserId(player), UserId("nobody")], { sections, areNamed, consistency })
      for (const consistency of [eventual, strong]) {
        const documents = yield* read(["casino", "logins"], false, consistency)
        assert.deepStrictEqual(documents.map(({ position, user_id }) => ({ position, user_id })), [{
          position: 3,
          user_id: UserId(player)
        }])
        assert.hasAllKeys(documents[0], ["user_id", "ref", "time_zone", "position", "generations", "casino"])
        assert.hasAnyKeys((yield* read(["casino"], true))[0], ["casino"])
        for (const named of [["logins"], ["casino", "logins"]]) {
          assert.deepInclude(yield* Effect.flip(read(named, true, consistency)), notBuilt)
        }
        assert.deepInclude(yield* Effect.flip(read(["logins"], false, consistency)), notBuilt)
      }
      assert.deepStrictEqual(
        yield* counters.read(tenant, [UserId("nobody")], { sections: ["logins"], areNamed: true, consistency: eventual }),
        []
      )

      const instant = yield* Clock.currentTimeMillis
      const asOf = (sections: ReadonlyArray<string>, areNamed: boolean) =>
        Context.get(after, TimeTravel).read(tenant, UserId(player), { instant, sections, areNamed })
      assert.notProperty(yield* asOf(["casino", "logins"], false), "logins")
      for (const areNamed of [true, false]) assert.deepInclude(yield* Effect.flip(asOf(["logins"], areNamed)), notBuilt)

      // Built, it is one like the others; and a process that does not know the active version says
      // so instead of leaving it out.
      const sql = Context.get(after, PgClient.PgClient)
      for (const store of Context.get(after, ProjectionCatalog).stores.slice(1)) {
        yield* rebuild({ sql, log }, [store], { slices: yield* slicesWithEvents(sql), onProgress: () => Effect.void })
        yield* activateVersion(sql, store, { withParked: false, replaceViews: false })
      }
      assert.hasAllKeys((yield* read(["casino", "logins"], true, strong))[0], [
        "user_id",
        "ref",
        "time_zone",
        "position",
        "generations",
        "casino",
        "logins"
      ])
      const unknowing = Context.get(before, Counters).read(tenant, [UserId(player)], { sections: ["casino"], consistency: eventual })
      assert.strictEqual((yield* Effect.flip(unknowing))._tag, "ProjectionBehind")
    }))
})
