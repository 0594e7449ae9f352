import { assert } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Page } from "playwright-core"
import { accessibilityProblems } from "../support/browser/accessibility.ts"
import { Chromium, type WatchedPage } from "../support/browser/Chromium.ts"
import { apiKey, type ServiceProcess, startService } from "../support/service/ServiceProcess.ts"

/** The operator key of the service under test. */
export const operatorKey = "operator-key-of-the-tests-012345"

/** Starts the service with an operator key. The tenant `demo` has {@link apiKey}. */
export const startConsole = (settings: Readonly<Record<string, string>> = {}) => startService({ OPERATOR_KEY: operatorKey, ...settings })

/** One service for all tests of a file that leave it as it is. */
export class SharedConsole extends Context.Service<SharedConsole, ServiceProcess>()("playtally/test/SharedConsole") {
  static readonly layer = Layer.effect(SharedConsole, startConsole())
}

/** Signs in on a page, and waits for the page that follows. */
export const signIn = async (page: Page, url: string, key: string): Promise<void> => {
  await page.goto(`${url}/console/sign-in`)
  await page.getByLabel("Key", { exact: true }).fill(key)
  await page.getByRole("button", { name: "Sign in" }).click()
  await page.getByRole("button", { name: "Sign out" }).waitFor()
}

/** A page on which the operator has signed in. */
export const operatorPage = Effect.fnUntraced(function*(url: string) {
  const { open } = yield* Chromium
  const opened = yield* open()
  yield* Effect.promise(() => signIn(opened.page, url, operatorKey))
  return opened
})

/** A page on which the tenant `demo` has signed in. */
export const tenantPage = Effect.fnUntraced(function*(url: string, key: string = apiKey) {
  const { open } = yield* Chromium
  const opened = yield* open()
  yield* Effect.promise(() => signIn(opened.page, url, key))
  return opened
})

/**
 * Checks a page that is open: nobody is shut out, nothing failed in it, no rule of its policy was
 * broken. A picture of it is kept under the name, light and dark, and both are checked.
 */
export const checkPage = Effect.fnUntraced(function*({ page, problems }: WatchedPage, name: string) {
  const { picture } = yield* Chromium
  for (const colorScheme of ["light", "dark"] as const) {
    yield* Effect.promise(() => page.emulateMedia({ colorScheme }))
    assert.deepStrictEqual(yield* Effect.promise(() => accessibilityProblems(page)), [], `${name}, ${colorScheme}`)
  }
  yield* picture(page, name)
  assert.deepStrictEqual(problems, [], name)
})
