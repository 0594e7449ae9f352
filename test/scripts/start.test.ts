import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { chmod, mkdtemp, readdir, readFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { removeFolder } from "../support/removeFolder.ts"
import { until } from "../support/time/until.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))

const folder = Effect.acquireRelease(
  Effect.promise(async () => {
    const path = await mkdtemp(join(tmpdir(), "playtally-start-"))
    // For the account that runs the server if we are root.
    await chmod(path, 0o711)
    return path
  }),
  (path) => Effect.promise(() => removeFolder(path))
)

/** `npm run SCRIPT` with a data directory of its own, once the service listens. */
const start = Effect.fnUntraced(function*(script: string, dataDir: string) {
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn("npm", ["run", script], {
        cwd: root,
        detached: true,
        env: { PATH: process.env["PATH"], HOME: process.env["HOME"], DATA_DIR: dataDir, PORT: "0", DRAIN_SECONDS: "0" },
        stdio: ["ignore", "pipe", "pipe"]
      })
    ),
    (child) =>
      Effect.sync(() => {
        if (child.exitCode === null && child.signalCode === null) process.kill(-Number(child.pid), "SIGKILL")
      })
  )
  let said = ""
  let errors = ""
  child.stdout.on("data", (chunk) => said += String(chunk))
  child.stderr.on("data", (chunk) => errors += String(chunk))
  yield* until(() => said.includes("consistency=strong") || child.exitCode !== null)
  const url = /^playtally listens on (http:\S+)$/m.exec(said)?.[1] ?? assert.fail(`${said}${errors}`)
  const stop = Effect.promise(async () => {
    const exit = once(child, "exit")
    // The whole group, npm and all, as a terminal does on Ctrl-C.
    process.kill(-Number(child.pid), "SIGINT")
    return (await exit)[0]
  })
  return { said, url, stop }
})

it.live.each(["start", "start:deno"])(
  "npm run %s needs nothing but itself, greets with a request that works, and keeps what it got",
  (script) =>
    Effect.gen(function*() {
      const dataDir = join(yield* folder, "data")
      const first = yield* start(script, dataDir)
      const file = /^ +API key +in (\S+)/m.exec(first.said)?.[1] ?? assert.fail(first.said)
      const key = (yield* Effect.promise(() => readFile(resolve(root, file), "utf8"))).trim()
      assert.match(key, /^pt_\S{43}$/)
      assert.include(first.said, `x-api-key: $(cat '${file}')"`)
      // What it writes to may be kept.
      assert.notInclude(first.said, key)
      const body = /-d '(.+?)'/.exec(first.said)?.[1] ?? assert.fail(first.said)
      const headers = { "x-api-key": key, "content-type": "application/json" }
      const sent = yield* Effect.promise(() => fetch(`${first.url}/api/v1/integrations/fasttrack/bulk`, { method: "POST", headers, body }))
      assert.strictEqual(sent.status, 204)
      assert.strictEqual(yield* first.stop, 0)
      assert.notInclude(yield* Effect.promise(() => readdir(join(dataDir, "postgres/data"))), "postmaster.pid")

      const second = yield* start(script, dataDir)
      assert.notInclude(second.said, key)
      const counters = yield* Effect.promise(async () => {
        const answer = await fetch(`${second.url}/api/v1/users/player-1/counters?consistency=strong`, {
          headers: { ...headers, prefer: "wait=60" }
        })
        return answer.json()
      })
      assert.nestedPropertyVal(counters, "casino.EUR.bet_count", 1, JSON.stringify(counters))
      assert.strictEqual(yield* second.stop, 0)
    }).pipe(Effect.scoped),
  { concurrent: true, timeout: 120_000 }
)

it.live("npm start shows the first key to a terminal, once", (context) =>
  Effect.gen(function*() {
    if (process.platform !== "linux" || spawnSync("script", ["--version"]).status !== 0) {
      context.skip("SKIPPED: there is no script(1) to be a terminal")
    }
    const dataDir = join(yield* folder, "data")
    const main = join(root, "src/main.ts")
    const run = process.versions["deno"] === undefined ? "" : "run -A"
    const child = yield* Effect.acquireRelease(
      Effect.sync(() =>
        spawn("script", ["--quiet", "--flush", "--return", "--command", `exec '${process.execPath}' ${run} '${main}' serve`, "/dev/null"], {
          cwd: root,
          env: { PATH: process.env["PATH"], DATA_DIR: dataDir, PORT: "0", DRAIN_SECONDS: "0" },
          stdio: ["ignore", "pipe", "ignore"]
        })
      ),
      (child) =>
        Effect.promise(async () => {
          if (child.exitCode !== null) return
          const exit = once(child, "exit")
          child.kill("SIGTERM")
          await exit
        })
    )
    let said = ""
    child.stdout.on("data", (chunk) => said += String(chunk))
    yield* until(() => said.includes("consistency=strong") || child.exitCode !== null)
    const key = (yield* Effect.promise(() => readFile(join(dataDir, "bootstrap-api-key"), "utf8"))).trim()
    assert.include(said, `API key        ${key}  (of the tenant "demo"; kept in ${join(dataDir, "bootstrap-api-key")})`)
    assert.include(said, `x-api-key: ${key}"`)
  }).pipe(Effect.scoped))
