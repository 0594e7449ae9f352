import { assert, describe, layer } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Chromium, whyNoBrowser } from "../support/browser/Chromium.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { deliver, request } from "../support/service/sender.ts"
import { checkPage, startConsole, tenantPage } from "./ConsoleUnderTest.ts"
import { lifeOfPlayer } from "./lifeOfPlayer.ts"

/** An id that would be markup if anybody forgot to escape it. */
const hostile = `</code><script>alert("x")</script>`

describe.skipIf(whyNoBrowser !== undefined)("the events and boards in the console, in a browser", () => {
  layer(Layer.mergeAll(TestDatabase.layer, Chromium.layer), { excludeTestServices: true })((it) => {
    it.effect("are listed as they come, followed and looked at", () =>
      Effect.gen(function*() {
        const { url } = yield* startConsole()
        const now = yield* Clock.currentTimeMillis
        const life = (userId: string, days: number) => lifeOfPlayer(userId, { days, now })
        yield* deliver(() => url, ["player-1", "player-2", "player-3", hostile].flatMap((userId, nth) => life(userId, 5 + nth)))
        const { page, ...watched } = yield* tenantPage(url)
        const run = <A>(step: () => Promise<A>) => Effect.promise(step)
        const events = `${url}/console/t/demo/events`

        // All events, page by page, are those that were sent.
        yield* run(() => page.goto(events))
        yield* checkPage({ page, ...watched }, "events")
        let listed = 0
        for (;;) {
          listed += yield* run(() => page.locator("tbody tr").count())
          const older = page.getByRole("link", { name: "Older" })
          if (!(yield* run(() => older.isVisible()))) break
          const href = yield* run(() => older.getAttribute("href"))
          yield* run(() => page.goto(url + href))
        }
        const sent = ["player-1", "player-2", "player-3", hostile].flatMap((userId, nth) => life(userId, 5 + nth)).length
        assert.strictEqual(listed, sent)

        // One kind, of one player.
        yield* run(() => page.goto(events))
        yield* run(() => page.getByLabel("Kind").selectOption("realtime-login"))
        yield* run(() => page.getByLabel("Player").fill(hostile))
        yield* run(() => page.getByRole("button", { name: "Show" }).click())
        yield* run(() => page.waitForURL(/kind=realtime-login/))
        const logins = life(hostile, 8).filter(({ event }) => event === "realtime-login").length
        assert.strictEqual(yield* run(() => page.locator("tbody tr").count()), logins)

        // What comes is shown without a click.
        yield* run(() => page.goto(events))
        yield* run(() => page.getByRole("button", { name: "Follow" }).click())
        yield* run(() => page.getByRole("button", { name: "Stop" }).waitFor())
        yield* deliver(() => url, life("newcomer", 1))
        yield* run(() => page.getByRole("link", { name: "newcomer" }).first().waitFor())
        yield* run(() => page.getByRole("button", { name: "Stop" }).click())
        yield* run(() => page.getByRole("button", { name: "Follow" }).waitFor())

        // One event with its data.
        yield* run(() => page.goto(`${events}?kind=realtime-casino&player=${encodeURIComponent(hostile)}`))
        yield* run(() => page.locator("tbody td:nth-child(3) a").first().click())
        yield* run(() => page.locator("pre").waitFor())
        const data = JSON.parse(yield* run(() => page.locator("pre").innerText())) as { readonly currency: string }
        assert.include(["EUR", "SEK"], data.currency)
        assert.include(yield* run(() => page.locator("a.player").innerText()), hostile)
        yield* checkPage({ page, ...watched }, "event")
        assert.strictEqual((yield* run(() => page.goto(`${events}/0/999999`)))?.status(), 404)

        // A board, and who is near a player.
        yield* request(`${url}/api/v1/leaderboards/casino_turnover?currency=EUR&consistency=strong`)
        yield* run(() => page.goto(`${url}/console/t/demo/leaderboards`))
        yield* run(() => page.getByRole("heading", { name: "Who is ahead" }).waitFor())
        assert.strictEqual(yield* run(() => page.locator("#ranks ~ .wide tbody tr").count()), 5)
        yield* run(() => page.getByLabel("Player").fill("player-2"))
        yield* run(() => page.getByRole("button", { name: "Show" }).click())
        yield* run(() => page.locator("tr.own").first().waitFor())
        yield* checkPage({ page, ...watched }, "leaderboards")
        yield* run(() => page.getByLabel("Board").selectOption("login_streak"))
        yield* run(() => page.getByRole("button", { name: "Show" }).click())
        yield* run(() => page.waitForURL(/login_streak/))
        assert.strictEqual(yield* run(() => page.locator("#ranks ~ .wide tbody tr").count()), 5)
      }).pipe(Effect.scoped), 120_000)
  })
})
