import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Chromium, whyNoBrowser } from "../support/browser/Chromium.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { bulkPath } from "../support/service/sender.ts"
import { apiKey } from "../support/service/ServiceProcess.ts"
import { checkPage, operatorPage, startConsole, tenantPage } from "./ConsoleUnderTest.ts"

/** Sends bets of a user, of which the last is no bet. */
const send = (url: string, from: number, count: number) =>
  Effect.promise(async () => {
    const items = Array.from({ length: count }, (_, nth) => ({
      event: "realtime-casino",
      data: {
        user_id: `player-${nth % 20}`,
        timestamp: "2026-01-31T12:00:00Z",
        unique_id: `bet-${from + nth}`,
        game_id: "starburst",
        round_id: `round-${from + nth}`,
        type: nth === count - 1 ? 17 : "bet",
        amount: 2.5,
        currency: "EUR",
        bonus_wager_amount: 0
      }
    }))
    const answer = await fetch(url + bulkPath, {
      method: "POST",
      headers: { "x-api-key": apiKey, "content-type": "application/json" },
      body: JSON.stringify({ items })
    })
    assert.strictEqual(answer.status, 200, await answer.text())
  })

describe.skipIf(whyNoBrowser !== undefined)("the overview of the console, in a browser", () => {
  layer(Layer.mergeAll(TestDatabase.layer, Chromium.layer), { excludeTestServices: true })((it) => {
    it.effect("shows live what is stored, rejected and behind, and ends its stream when the service stops", () =>
      Effect.gen(function*() {
        const service = yield* startConsole()
        const { url } = service
        const opened = yield* operatorPage(url)
        const { page } = opened
        yield* Effect.promise(() => page.getByRole("heading", { name: "Overview" }).waitFor())
        yield* send(url, 0, 200)
        // Without another request of the page's own.
        const stored = page.locator(".card", { hasText: "Events stored a second" })
        yield* Effect.promise(() => stored.getByText("199 since the start").waitFor())
        yield* Effect.promise(() => page.locator(".card", { hasText: "Rejected" }).getByText("1 since the start").waitFor())
        yield* Effect.promise(() => page.getByText("Nothing needs you.").waitFor())
        assert.include(
          yield* Effect.promise(() => page.getByRole("img", { name: /Events stored a second/ }).getAttribute("aria-label")),
          "realtime-casino: "
        )
        yield* send(url, 200, 200)
        yield* checkPage(opened, "overview")

        yield* Effect.promise(() => page.goto(`${url}/console/health`))
        yield* Effect.promise(() => page.getByText("What is right").waitFor())
        yield* checkPage(opened, "health")
        yield* Effect.promise(() => page.goto(`${url}/console/overview`))
        yield* Effect.promise(() => page.getByText("since the start").first().waitFor())
        const began = performance.now()
        yield* service.signal("SIGTERM")
        assert.deepStrictEqual(yield* service.ended, { code: 0, signal: null })
        assert.isBelow(performance.now() - began, 5000)
      }).pipe(Effect.scoped), 60_000)

    it.effect("is the operator's alone", () =>
      Effect.gen(function*() {
        const { url } = yield* startConsole()
        const { page } = yield* tenantPage(url)
        for (const path of ["overview", "overview/live", "health", "tenants", "tenants/demo", "audit"]) {
          const answer = yield* Effect.promise(() => page.goto(`${url}/console/${path}`))
          assert.strictEqual(answer?.status(), 404, path)
        }
      }).pipe(Effect.scoped), 60_000)
  })
})
