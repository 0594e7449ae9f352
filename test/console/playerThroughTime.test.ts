import { assert, describe, layer } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Chromium, whyNoBrowser } from "../support/browser/Chromium.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { deliver, post, request } from "../support/service/sender.ts"
import { untilAfter } from "../support/time/until.ts"
import { checkPage, startConsole, tenantPage } from "./ConsoleUnderTest.ts"
import { lifeOfPlayer } from "./lifeOfPlayer.ts"

describe.skipIf(whyNoBrowser !== undefined)("a player through time, in a browser", () => {
  layer(Layer.mergeAll(TestDatabase.layer, Chromium.layer), { excludeTestServices: true })((it) => {
    it.effect("is shown as the counters were, and is erased after a confirmation", () =>
      Effect.gen(function*() {
        const { url } = yield* startConsole()
        const now = yield* Clock.currentTimeMillis
        const life = lifeOfPlayer("player-17", { days: 12, now })
        // The second half comes later.
        const early = life.slice(0, life.length >> 1)
        yield* deliver(() => url, early)
        const then = yield* Clock.currentTimeMillis
        yield* untilAfter(then)
        yield* deliver(() => url, life)
        yield* post(url, JSON.stringify([{ event: "realtime-login", data: { user_id: "player-17", unique_id: 7, timestamp: "never" } }]))
        yield* request(`${url}/api/v1/users/player-17/counters?consistency=strong`)
        const opened = yield* tenantPage(url)
        const { page } = opened
        const run = <A>(step: () => Promise<A>) => Effect.promise(step)
        const player = `${url}/console/t/demo/players/player-17`
        const loginsOf = (items: typeof life) => items.filter(({ event }) => event === "realtime-login").length
        const logins = page.locator("tr:has(> th:text-is('login count')) td")

        // What was is beside what is, and each value says so.
        yield* run(() => page.goto(`${player}?as_of=${new Date(then).toISOString()}`))
        assert.strictEqual(yield* run(() => logins.innerText()), `${loginsOf(early)} → ${loginsOf(life)}`)
        assert.strictEqual(yield* run(() => logins.getAttribute("class")), "number changed")
        assert.match(yield* run(() => page.locator("#numbers .then").innerText()), /\d+ values have changed since/)
        yield* run(() => page.locator(".games table").first().waitFor())
        yield* run(() => page.locator(".rejected .item").waitFor())
        yield* run(() => page.locator(".boards table").waitFor())
        yield* checkPage(opened, "player-through-time")

        // The slider, by the keyboard: its beginning is before the first event, its end is now.
        // Where the page stands may be the beginning already: all happened within a second or two.
        yield* run(() => page.getByLabel("Through time").press("End"))
        yield* run(() => page.getByLabel("Through time").press("Home"))
        yield* run(() => page.getByText("no event of the player was recorded yet").waitFor())
        yield* run(() => page.getByLabel("Through time").press("End"))
        yield* run(() => page.locator("#numbers .then").waitFor({ state: "detached" }))
        assert.strictEqual(yield* run(() => logins.innerText()), `${loginsOf(life)}`)

        // A number of a game has an explanation too.
        yield* run(() => page.locator(".games a.explain[title='casino_by_game.game-0.EUR.bet_count']").click())
        yield* run(() => page.locator("#explanation tfoot").waitFor())

        yield* run(() => page.getByText("Erase the player…").click())
        yield* run(() => page.getByLabel("Type player-17 to confirm").fill("player-18"))
        yield* run(() => page.getByRole("button", { name: "Erase the player" }).click())
        yield* run(() => page.getByRole("heading", { name: "Not confirmed" }).waitFor())
        yield* run(() => page.goto(player))
        yield* run(() => page.getByText("Erase the player…").click())
        yield* run(() => page.getByLabel("Type player-17 to confirm").fill("player-17"))
        yield* run(() => page.getByRole("button", { name: "Erase the player" }).click())
        yield* run(() => page.getByText(`${life.length} events were emptied`).waitFor())
        yield* checkPage(opened, "player-erased")
        assert.strictEqual((yield* run(() => page.goto(player)))?.status(), 404)
      }).pipe(Effect.scoped), 120_000)
  })
})
