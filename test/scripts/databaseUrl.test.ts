import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { until } from "../support/time/until.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))

/**
 * What a command of `scripts/run.mjs` says and how it ends, with such settings; ended once it
 * listens.
 */
const run = (command: string, settings: Readonly<Record<string, string>>) =>
  Effect.scoped(Effect.gen(function*() {
    const child = yield* Effect.acquireRelease(
      Effect.sync(() =>
        spawn("node", ["scripts/run.mjs", command], {
          cwd: root,
          // An older Node waits for the program that it starts: both are to be ended.
          detached: true,
          env: {
            PATH: process.env["PATH"],
            HOME: process.env["HOME"],
            NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"],
            PORT: "0",
            ...settings
          },
          stdio: ["ignore", "pipe", "pipe"]
        })
      ),
      (child) =>
        Effect.sync(() => {
          if (child.exitCode === null && child.signalCode === null) process.kill(-Number(child.pid), "SIGKILL")
        })
    )
    let output = ""
    let closed = false
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => output += String(chunk))
    child.on("close", () => closed = true)
    yield* until(() => closed || output.includes("playtally listens on"))
    return { output, code: child.exitCode }
  }))

it.live.each(["start", "start:deno"])(
  "%s says in one line why a DATABASE_URL is not used, without its password",
  (command) =>
    Effect.forEach(
      [
        ["host=localhost password=canary", /^playtally: DATABASE_URL cannot be used: it is not a URL/],
        ["postgres://u:canary#pw@127.0.0.1:1/x", /^playtally: The database did not answer: .*127\.0\.0\.1:1/]
      ] as const,
      ([url, expected]) =>
        Effect.gen(function*() {
          const { code, output } = yield* run(command, { DATABASE_URL: url })
          assert.match(output, expected)
          assert.match(output, /^[^\n]*\n$/)
          assert.notInclude(output, "canary")
          assert.strictEqual(code, 1)
        })
    )
)

it.live("start:deno may reach the database that the URL names, and read the files of its certificates", () =>
  Effect.gen(function*() {
    const { url } = yield* TestDatabase.makeOfOne("a URL names one database")
    const authority = fileURLToPath(new URL("../support/database/certificates/authority.crt", import.meta.url))
    const { output } = yield* run("start:deno", {
      DATABASE_URL: `${Redacted.value(url)}?sslmode=prefer&sslrootcert=${encodeURIComponent(authority)}`
    })
    assert.include(output, "playtally listens on")
  }))
