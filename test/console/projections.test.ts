import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Counters } from "../../src/counters/Counters.ts"
import { EventLog } from "../../src/event-log/EventLog.ts"
import { catalog } from "../../src/projections/catalog/catalog.ts"
import { logins } from "../../src/projections/catalog/logins.ts"
import { withZones } from "../../src/projections/projection/Projection.ts"
import { UserId } from "../../src/values/UserId.ts"
import { runtimeZones } from "../../src/values/zones/runtimeZones.ts"
import { Chromium, whyNoBrowser } from "../support/browser/Chromium.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { login } from "../support/events/events.ts"
import { newEvent } from "../support/events/newEvent.ts"
import { newTenant } from "../support/service/newTenant.ts"
import { strong } from "../support/service/strong.ts"
import { testService } from "../support/service/TestService.ts"
import { checkPage, operatorPage, startConsole } from "./ConsoleUnderTest.ts"

/** A version of `logins` that the code still has, and that only an older database uses. */
const former = withZones(logins, { version: 1, zones: runtimeZones })
const users = Array.from({ length: 40 }, (_, nth) => nth === 0 ? "<b>player & co</b>" : `player-${nth}`)

/** A log whose active version of `logins` is the former one: the service finds version 2 to be rebuilt. */
const withHistory = Layer.effectDiscard(Effect.scoped(Effect.gen(function*() {
  const before = yield* Layer.build(Layer.fresh(testService({ projections: catalog.map((one) => one === logins ? former : one) })))
  yield* Effect.gen(function*() {
    const tenant = yield* newTenant("demo")
    yield* (yield* EventLog).append(
      users.flatMap((userId) => [1, 2, 3].map(() => newEvent(tenant, { ...login(), userId: UserId(userId) })))
    )
    yield* (yield* Counters).read(tenant, users.map((each) => UserId(each)), { sections: ["logins"], consistency: strong })
  }).pipe(Effect.provide(before))
})))

const database = Layer.provideMerge(withHistory, TestDatabase.layer)

describe.skipIf(whyNoBrowser !== undefined)("the projections in the console", () => {
  layer(Layer.mergeAll(database, Chromium.layer), { excludeTestServices: true })((it) => {
    it.effect("are listed with their states", () =>
      Effect.gen(function*() {
        const { url } = yield* startConsole()
        const opened = yield* operatorPage(url)
        const { page } = opened
        yield* Effect.promise(() => page.goto(`${url}/console/projections`))
        const rows = yield* Effect.promise(() => page.locator("tr", { hasText: "logins" }).allInnerTexts())
        assert.deepStrictEqual(rows.map((row) => row.split("\t").slice(0, 5)), [
          ["logins", "v1", "active", "120", "0"],
          ["logins", "v2", "to be rebuilt", "0", "120"]
        ])
        yield* checkPage(opened, "projections")
        yield* Effect.promise(() => page.goto(`${url}/console/projections/logins`))
        yield* checkPage(opened, "projection")
      }).pipe(Effect.scoped), 60_000)
  })
})
