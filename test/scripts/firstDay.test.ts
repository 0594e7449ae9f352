import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { chmodSync, mkdtempSync, readFileSync, rmSync, utimesSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { until } from "../support/time/until.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))

/** They are for the machine of a developer, who has Node. */
const isDeno = process.versions["deno"] !== undefined

const folder = Effect.acquireRelease(
  Effect.sync(() => {
    const path = mkdtempSync(join(tmpdir(), "playtally-dev-"))
    // For the account that runs the server if we are root.
    chmodSync(path, 0o711)
    return path
  }),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true, maxRetries: 10 }))
)

/** `npm run SCRIPT` with nothing but these settings. */
const start = (script: string, settings: Readonly<Record<string, string>>) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => {
        const { HOME = "", NODE_COMPILE_CACHE = "", PATH = "" } = process.env
        const env = { HOME, NODE_COMPILE_CACHE, PATH, ...settings }
        return spawn("npm", ["run", "--silent", script], { cwd: root, detached: true, env, stdio: "pipe" })
      }),
      (child) =>
        Effect.sync(() => {
          if (child.exitCode === null && child.signalCode === null) process.kill(-Number(child.pid), "SIGKILL")
        })
    ),
    (child) => {
      let said = ""
      child.stdout.on("data", (chunk) => said += String(chunk))
      child.stderr.on("data", (chunk) => said += String(chunk))
      const ended = once(child, "exit")
      return {
        said: () => said,
        write: (text: string) => child.stdin.write(text),
        hasEnded: () => child.exitCode !== null,
        ended: Effect.map(Effect.promise(() => ended), ([code]) => code as unknown),
        stop: () => process.kill(-Number(child.pid), "SIGINT")
      }
    }
  )

const database = TestDatabase.layerOfOne("the first day begins with one database")

layer(database, { excludeTestServices: true })("the first day", (it) => {
  it.effect.skipIf(isDeno)(
    "npm run dev starts the service again when a file changes, and keeps the embedded server",
    () =>
      Effect.gen(function*() {
        const dataDir = join(yield* folder, "data")
        const dev = yield* start("dev", { DATA_DIR: dataDir, PORT: "0" })
        const starts = () => dev.said().split("playtally listens on").length - 1
        const server = () => readFileSync(join(dataDir, "postgres/data/postmaster.pid"), "utf8").split("\n")[0]
        yield* until(() => starts() === 1 || dev.hasEnded())
        assert.strictEqual(starts(), 1, dev.said())
        const before = server()
        utimesSync(join(root, "src/main.ts"), new Date(), new Date())
        yield* until(() => starts() === 2 || dev.hasEnded())
        assert.include(dev.said(), "src/main.ts has changed: starting again")
        assert.strictEqual(server(), before)
        dev.stop()
        assert.strictEqual(yield* dev.ended, 0, dev.said())
      }),
    60_000
  )

  it.effect.skipIf(isDeno)("npm run repl has the log, the counters and the projections, and awaits", () =>
    Effect.gen(function*() {
      const { url } = yield* TestDatabase
      const settings = { DATABASE_URL: Redacted.value(url), BOOTSTRAP_API_KEY: "key-of-the-tests-for-all-scopes-0" }
      const repl = yield* start("repl", settings)
      const ask = (line: string, answer: RegExp) =>
        Effect.gen(function*() {
          const from = repl.said().length
          repl.write(`${line}\n`)
          yield* until(() => answer.test(repl.said().slice(from)) || repl.hasEnded())
          assert.match(repl.said().slice(from), answer)
        })
      yield* until(() => repl.said().includes("playtally> ") || repl.hasEnded())
      yield* ask("(await sql`select count(*)::int as events from events`)[0].events + 100", /100\n/)
      yield* ask("(await projections.following).length > 5", /true\n/)
      yield* ask("await countersOf(\"player-1\")", /There is no tenant yet/)
      yield* ask("(await tenants.create(\"brand\", \"Europe/Malta\")).timeZone", /'Europe\/Malta'/)
      yield* ask("runner.status().running", /true\n/)
      repl.write(".exit\n")
      assert.strictEqual(yield* repl.ended, 0, repl.said())
    }), 60_000)
})
