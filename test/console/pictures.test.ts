import { assert, describe, it, layer } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { Chromium, whyNoBrowser } from "../support/browser/Chromium.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { startProgram } from "../support/service/program.ts"
import { deliver } from "../support/service/sender.ts"
import { apiKey } from "../support/service/ServiceProcess.ts"
import { operatorPage, startConsole } from "./ConsoleUnderTest.ts"
import { lifeOfPlayer } from "./lifeOfPlayer.ts"

const folder = fileURLToPath(new URL("../../docs/pictures/", import.meta.url))

/** `npm run pictures` takes them again, of a service with the traffic of `demo`. */
const isTaken = process.env["PICTURES"] === "take"

describe.skipIf(whyNoBrowser !== undefined || !isTaken)("the pictures of the console", () => {
  layer(Layer.mergeAll(TestDatabase.layer, Chromium.layer), { excludeTestServices: true })((it) => {
    it.effect("are taken of a running service", () =>
      Effect.gen(function*() {
        const { url } = yield* startConsole({ MAX_FUTURE_HOURS: "24" })
        const { page } = yield* operatorPage(url)
        const take = (name: string, height: number) =>
          Effect.promise(() => page.screenshot({ path: `${folder}${name}.png`, clip: { x: 0, y: 0, width: 1280, height } }))
        yield* deliver(() => url, lifeOfPlayer("player-17", { days: 120, now: yield* Clock.currentTimeMillis }))

        yield* Effect.promise(() => page.goto(`${url}/console/overview`))
        const demo = yield* startProgram(
          ["demo", "--url", url, "--key", apiKey, "--players", "300", "--rate", "300", "--duration", "90s"],
          {}
        )
        const { code } = yield* demo.ended
        assert.strictEqual(code, 0, demo.stderr())
        yield* take("overview", 805)

        yield* Effect.promise(() => page.goto(`${url}/console/t/demo/players/player-17`))
        yield* Effect.promise(() => page.locator(".timeline ul.changes").first().waitFor())
        yield* Effect.promise(() => page.locator("a.explain[title='payments.EUR.deposit_amount']").first().click())
        yield* Effect.promise(() => page.locator("#explanation tfoot").waitFor())
        yield* Effect.promise(() => page.evaluate("scrollTo(0, 0)"))
        yield* take("player", 680)
      }).pipe(Effect.scoped), 300_000)
  })
})

describe("the pictures of the console", () => {
  it("are those that the README shows, and none has more than 150 kB", () => {
    const shown = [...readFileSync(`${folder}../../README.md`, "utf8").matchAll(/\]\(docs\/pictures\/(.+?)\)/g)].map(([, name = ""]) =>
      name
    )
    assert.deepStrictEqual(shown.toSorted(), readdirSync(folder).toSorted())
    assert.isAtLeast(shown.length, 2)
    for (const name of shown) {
      const picture = readFileSync(`${folder}${name}`)
      assert.strictEqual(picture.toString("latin1", 1, 4), "PNG")
      assert.isBelow(picture.length, 150_000, name)
    }
  })
})
