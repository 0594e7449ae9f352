import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Chromium, whyNoBrowser } from "../support/browser/Chromium.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { checkPage, operatorKey, operatorPage, signIn, startConsole, tenantPage } from "./ConsoleUnderTest.ts"

describe.skipIf(whyNoBrowser !== undefined)("the entrance of the console, in a browser", () => {
  layer(Layer.mergeAll(TestDatabase.layer, Chromium.layer), { excludeTestServices: true })((it) => {
    it.effect("lets the operator in, and out again", () =>
      Effect.gen(function*() {
        const { url } = yield* startConsole()
        const { open } = yield* Chromium
        const opened = yield* open()
        const { page } = opened
        yield* Effect.promise(() => page.goto(`${url}/console/tenants`))
        yield* checkPage(opened, "sign-in")

        yield* Effect.promise(() => page.getByLabel("Key", { exact: true }).fill("a key that nobody has"))
        yield* Effect.promise(() => page.keyboard.press("Enter"))
        assert.strictEqual(yield* Effect.promise(() => page.getByRole("alert").innerText()), "The key is unknown or has been revoked.")
        yield* checkPage(opened, "sign-in-refused")

        // The page that was asked for follows.
        yield* Effect.promise(() => page.getByLabel("Key", { exact: true }).fill(operatorKey))
        yield* Effect.promise(() => page.keyboard.press("Enter"))
        yield* Effect.promise(() => page.getByRole("heading", { name: "Tenants" }).waitFor())
        const [cookie] = yield* Effect.promise(() => page.context().cookies())
        assert.deepInclude(cookie, { name: "playtally_session", httpOnly: true, sameSite: "Strict", path: "/console" })

        yield* Effect.promise(() => page.getByRole("button", { name: "Sign out" }).click())
        yield* Effect.promise(() => page.getByLabel("Key", { exact: true }).waitFor())
        yield* Effect.promise(() => page.goto(`${url}/console/tenants`))
        assert.strictEqual(yield* Effect.promise(() => page.title()), "Sign in · playtally")
      }).pipe(Effect.scoped), 60_000)

    it.effect("has the operator make a tenant and its keys, and records it", () =>
      Effect.gen(function*() {
        const { url } = yield* startConsole()
        const opened = yield* operatorPage(url)
        const { page } = opened
        yield* Effect.promise(() => page.goto(`${url}/console/tenants`))
        yield* checkPage(opened, "tenants")
        yield* Effect.promise(() => page.getByLabel("Name").fill("<b>Brand & co</b>"))
        yield* Effect.promise(() => page.getByLabel("Time zone").fill("Europe/Malta"))
        yield* Effect.promise(() => page.getByRole("button", { name: "Create the tenant" }).click())
        yield* Effect.promise(() => page.getByRole("heading", { name: "<b>Brand & co</b>" }).waitFor())

        yield* Effect.promise(() => page.getByLabel("Name").fill("reader"))
        yield* Effect.promise(() => page.getByLabel("read", { exact: true }).check())
        yield* Effect.promise(() => page.getByRole("button", { name: "Make the key" }).click())
        const key = yield* Effect.promise(() => page.locator(".secret").innerText())
        yield* checkPage(opened, "tenant")
        const readers = yield* tenantPage(url, key)
        assert.include(yield* Effect.promise(() => readers.page.locator("header").innerText()), "reader")

        yield* Effect.promise(() => page.getByText("Revoke…").click())
        yield* Effect.promise(() => page.getByLabel("Type reader to confirm").fill("reader"))
        yield* Effect.promise(() => page.getByRole("button", { name: "Revoke" }).click())
        yield* Effect.promise(() => page.getByText("revoked").first().waitFor())
        // The session ends with its key.
        yield* Effect.promise(async () => {
          while (await readers.page.title() !== "Sign in · playtally") await readers.page.goto(`${url}/console`)
        })

        yield* Effect.promise(() => page.goto(`${url}/console/audit`))
        assert.deepStrictEqual(
          yield* Effect.promise(() => page.locator("tbody tr td:nth-child(3)").allInnerTexts()),
          ["revoke key", "create key", "create tenant"]
        )
        yield* checkPage(opened, "audit")
        yield* Effect.promise(() => signIn(page, url, operatorKey))
      }).pipe(Effect.scoped), 60_000)
  })
})
