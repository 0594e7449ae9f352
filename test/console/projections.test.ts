import { PgClient } from "@effect/sql-pg"
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
import { testClients, testService } from "../support/service/TestService.ts"
import { checkPage, operatorPage, startConsole } from "./ConsoleUnderTest.ts"

/** A version of `logins` that the code still has, and that only an older database uses. */
const former = withZones(logins, { version: 1, zones: runtimeZones })
const users = Array.from({ length: 40 }, (_, nth) => nth === 0 ? "<b>player & co</b>" : `player-${nth}`)

/**
 * A log whose active version of `logins` is the former one: the service finds version 2 to be
 * rebuilt.
 */
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
  layer(Layer.mergeAll(Layer.provideMerge(testClients, database), Chromium.layer), { excludeTestServices: true })((it) => {
    it.effect("go from a rebuild to a comparison, the switch and the way back", () =>
      Effect.gen(function*() {
        const { url } = yield* startConsole({ PROCESSES: "2" })
        const opened = yield* operatorPage(url)
        const { page } = opened
        const sql = yield* PgClient.PgClient
        const run = <A>(step: () => Promise<A>) => Effect.promise(step)
        const open = (path: string) => run(() => page.goto(`${url}/console${path}`))
        const click = (name: string) => run(() => page.getByRole("button", { name, exact: true }).click())
        const confirm = Effect.fnUntraced(function*(does: string, word: string) {
          yield* run(() => page.getByText(`${does}…`, { exact: true }).click())
          yield* run(() => page.locator("details[open]").getByRole("textbox").fill(word))
          yield* click(does)
        })
        const shows = (text: string) => run(() => page.getByText(text).first().waitFor())
        const states = run(() => page.locator("table").first().locator("tbody tr td:nth-child(3)").allInnerTexts())

        yield* open("/projections")
        const rows = yield* run(() => page.locator("tr", { hasText: "logins" }).allInnerTexts())
        assert.deepStrictEqual(rows.map((row) => row.split("\t").slice(0, 5)), [
          ["logins", "v1", "active", "120", "0"],
          ["logins", "v2", "to be rebuilt", "0", "120"]
        ])
        yield* checkPage(opened, "projections")
        yield* run(() => page.getByRole("row", { name: "logins v2" }).getByRole("link").first().click())
        yield* shows("Makes its rows from the log")
        yield* checkPage(opened, "projection")

        // The page is told when the job has ended.
        yield* click("Rebuild v2")
        yield* shows("120 of 120 events are folded")

        // The active version counts something else of some.
        yield* sql`update logins_v1_totals set login_count = login_count + case when user_id = ${
          users[0]
        } then 5000 else 2 end where user_id < 'player-15'`
        yield* sql`update logins_v1_totals set login_count = 1 where user_id > 'player-35'`
        yield* open("/projections/logins")
        yield* click("Compare with v1")
        yield* shows("The largest changes")
        yield* checkPage(opened, "comparison")
        const [link] = yield* run(() => page.locator("#largest ~ .wide tbody th a").all())
        assert.strictEqual(yield* run(async () => link?.innerText()), users[0])
        assert.strictEqual(
          yield* run(async () => link?.getAttribute("href")),
          `/console/t/demo/players/${encodeURIComponent(users[0] ?? "")}`
        )

        // A parked user is in the way of the switch, and is taken back.
        yield* sql`
          insert into parked_users (projection, version, tenant_id, user_id, slice, position, error)
          select 'logins', 2, tenant_id, user_id, slice, 1, 'Error: <script>cannot be read</script>' from events where user_id = ${
          users[0]
        } limit 1`
        yield* open("/projections/logins")
        yield* confirm("Activate v2", "logins v2")
        yield* shows("has 1 parked users")
        yield* open("/parked")
        yield* checkPage(opened, "parked")
        yield* open("/projections/logins")
        yield* confirm("Unpark them", "logins")
        yield* shows("1 users are fed again")

        yield* open("/projections/logins")
        yield* confirm("Activate v2", "logins v1")
        yield* shows("Not confirmed")
        yield* open("/projections/logins")
        assert.deepStrictEqual(yield* states, ["following", "active"])
        yield* confirm("Activate v2", "logins v2")
        yield* run(() => page.getByText("Roll back to v1…").waitFor())
        assert.deepStrictEqual(yield* states, ["active", "following active before"])
        yield* checkPage(opened, "activated")
        yield* confirm("Roll back to v1", "logins")
        yield* run(() => page.getByText("Roll back to v2…").waitFor())
        assert.deepStrictEqual(yield* states, ["following active before", "active"])

        yield* run(() => page.locator("section", { has: page.locator("#v1") }).getByRole("button", { name: "Verify" }).click())
        yield* shows("differences")
        yield* open("/projections/logins")
        yield* confirm("Remove v2", "logins v2")
        yield* run(() => page.waitForFunction("document.querySelectorAll('section.version').length === 1"))

        yield* open("/audit")
        assert.deepStrictEqual(
          yield* run(() => page.locator("tbody tr td:nth-child(3)").allInnerTexts()),
          [
            "remove version",
            "verify version",
            "roll back projection",
            "activate version",
            "unpark users",
            "activate version",
            "compare version",
            "rebuild version"
          ]
        )
      }).pipe(Effect.scoped), 120_000)
  })
})
