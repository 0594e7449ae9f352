import { assert, describe, layer } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Chromium, whyNoBrowser } from "../support/browser/Chromium.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { deliver, request } from "../support/service/sender.ts"
import { checkPage, startConsole, tenantPage } from "./ConsoleUnderTest.ts"
import { lifeOfPlayer } from "./lifeOfPlayer.ts"

/** An id that would be markup, a path or a query if anybody forgot to escape it. */
const hostile = `<img src=x onerror="alert(1)">/&?#é`

describe.skipIf(whyNoBrowser !== undefined)("the players in the console, in a browser", () => {
  layer(Layer.mergeAll(TestDatabase.layer, Chromium.layer), { excludeTestServices: true })((it) => {
    it.effect("are found, and tell how their numbers came about", () =>
      Effect.gen(function*() {
        const { url } = yield* startConsole()
        const now = yield* Clock.currentTimeMillis
        const items = (userId: string, days: number) => lifeOfPlayer(userId, { days, now })
        yield* deliver(() => url, [...items("player-17", 40), ...items("player-18", 20), ...items(hostile, 3)])
        const others = Array.from({ length: 60 }, (_, nth) => items(`other-${String(nth).padStart(3, "0")}`, 1)).flat()
        yield* deliver(() => url, others)
        const counters = yield* request(`${url}/api/v1/users/player-17/counters?consistency=strong`)
        const { casino } = JSON.parse(counters.text) as { readonly casino: { readonly EUR: { readonly bet_amount: string } } }

        const opened = yield* tenantPage(url)
        const { page } = opened
        const run = <A>(step: () => Promise<A>) => Effect.promise(step)

        // The list, its next page, and a search.
        yield* run(() => page.goto(`${url}/console/t/demo/players`))
        yield* checkPage(opened, "players")
        assert.strictEqual(yield* run(() => page.locator("tbody tr").count()), 50)
        yield* run(() => page.getByRole("link", { name: "Next page" }).click())
        yield* run(() => page.getByRole("link", { name: "player-18" }).waitFor())
        yield* run(() => page.getByLabel("Player id, or its beginning").fill("player-1"))
        yield* run(() => page.getByRole("button", { name: "Search" }).click())
        yield* run(() => page.waitForURL(/q=player-1/))
        assert.deepStrictEqual(yield* run(() => page.locator("a.player").allInnerTexts()), ["player-17", "player-18"])
        yield* run(() => page.getByLabel("Player id, or its beginning").fill(hostile))
        yield* run(() => page.getByRole("button", { name: "Open the player" }).click())
        yield* run(() => page.getByRole("heading", { level: 1, name: hostile }).waitFor())

        // The page of a player, and the events of a number, which add up to it.
        yield* run(() => page.goto(`${url}/console/t/demo/players/player-17`))
        yield* run(() => page.locator(".timeline ul.changes").first().waitFor())
        const number = page.locator("a.explain[title='casino.EUR.bet_amount']").first()
        assert.strictEqual((yield* run(() => number.innerText())).replaceAll(",", ""), casino.EUR.bet_amount)
        yield* run(() => number.click())
        yield* run(() => page.locator("#explanation tfoot").waitFor())
        yield* checkPage(opened, "player")
        let sum = 0
        for (;;) {
          const changes = yield* run(() => page.locator("#explanation tbody td:nth-child(2)").allInnerTexts())
          sum += changes.reduce((sum, text) => sum + Number(text.replace("−", "-")), 0)
          const next = page.locator("#explanation").getByRole("link", { name: "Next events" })
          if (!(yield* run(() => next.isVisible()))) break
          const href = yield* run(() => next.getAttribute("hx-get"))
          yield* run(() => next.click())
          yield* run(() => page.locator(`#explanation a[hx-get="${href}"]`).waitFor({ state: "detached" }))
        }
        assert.strictEqual(String(sum), casino.EUR.bet_amount)
        yield* run(() => page.locator("#explanation").getByRole("link", { name: "Open as a page" }).click())
        yield* run(() => page.getByRole("heading", { level: 1, name: "casino · EUR · bet amount" }).waitFor())
        yield* checkPage(opened, "explanation")
      }).pipe(Effect.scoped), 120_000)
  })
})
