import chromium from "@sparticuz/chromium"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { existsSync } from "node:fs"
import { mkdir, mkdtemp } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { type Browser, chromium as playwright, type Page } from "playwright-core"
import { removeFolder } from "../removeFolder.ts"

/** Where Debian and others put a Chromium. */
const installed = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]

/**
 * Why no browser can be tested here; undefined if one can.
 *
 * The npm package has a binary for Linux on x64. Elsewhere CHROMIUM names one. Playwright is for
 * Node.
 */
export const whyNoBrowser: string | undefined = "Deno" in globalThis
  ? "Playwright runs on Node"
  : process.platform === "linux" && process.arch === "x64" || given() !== undefined
  ? undefined
  : "there is no Chromium: set CHROMIUM to the path of one"

function given(): string | undefined {
  return process.env["CHROMIUM"] ?? installed.find((path) => existsSync(path))
}

if (whyNoBrowser !== undefined) process.stderr.write(`SKIPPED: the console in a browser, as ${whyNoBrowser}.\n`)

/** Where the pictures of the pages are kept. */
const pictures = fileURLToPath(new URL("../../../test-results/console/", import.meta.url))

/** A page in a browser of its own, which remembers what went wrong in it. */
export interface WatchedPage {
  readonly page: Page
  /**
   * What the page logged as an error: a script that failed, a rule of the policy that was broken.
   */
  readonly problems: ReadonlyArray<string>
}

/** A Chromium without a window. */
export class Chromium extends Context.Service<Chromium, {
  /** Opens a page without cookies, until the scope closes. */
  readonly open: (
    options?: { readonly scheme?: "light" | "dark"; readonly width?: number }
  ) => Effect.Effect<WatchedPage, never, Scope.Scope>
  /** Takes a picture of the whole page, light and dark, under a name. */
  readonly picture: (page: Page, name: string) => Effect.Effect<void>
}>()("playtally/test/Chromium") {
  static readonly layer = Layer.effect(
    Chromium,
    Effect.gen(function*() {
      const folder = yield* Effect.acquireRelease(
        Effect.promise(() => mkdtemp(join(tmpdir(), "playtally-browser-"))),
        (folder) => Effect.promise(() => removeFolder(folder))
      )
      const executablePath = given() ?? (yield* Effect.promise(() => unpack(folder)))
      const browser: Browser = yield* Effect.acquireRelease(
        Effect.promise(() =>
          playwright.launch({ executablePath, headless: true, args: ["--no-sandbox", "--headless=shell", "--hide-scrollbars"] })
        ),
        (browser) => Effect.promise(() => browser.close())
      )
      const open = Effect.fnUntraced(function*({ scheme = "light", width = 1280 }: { scheme?: "light" | "dark"; width?: number } = {}) {
        const context = yield* Effect.acquireRelease(
          Effect.promise(() => browser.newContext({ colorScheme: scheme, viewport: { width, height: 900 }, reducedMotion: "reduce" })),
          (context) => Effect.promise(() => context.close())
        )
        const page = yield* Effect.promise(() => context.newPage())
        const problems: Array<string> = []
        // An answer with a status of an error is no error of the page.
        page.on(
          "console",
          (message) => message.type() === "error" && !message.text().startsWith("Failed to load resource") && problems.push(message.text())
        )
        page.on("pageerror", (error) => problems.push(error.message))
        return { page, problems }
      })
      const picture = (page: Page, name: string) =>
        Effect.promise(async () => {
          await mkdir(pictures, { recursive: true })
          for (const scheme of ["light", "dark"] as const) {
            await page.emulateMedia({ colorScheme: scheme })
            await page.screenshot({ path: join(pictures, `${name}-${scheme}.png`), fullPage: true })
          }
          await page.emulateMedia({ colorScheme: "light" })
        })
      return Chromium.of({ open, picture })
    })
  )
}

/** Unpacks the binary of the package, which wants to lie in the folder for temporary files. */
const unpack = async (folder: string): Promise<string> => {
  const former = process.env["TMPDIR"]
  process.env["TMPDIR"] = folder
  try {
    return await chromium.executablePath()
  } finally {
    if (former === undefined) delete process.env["TMPDIR"]
    else process.env["TMPDIR"] = former
  }
}
