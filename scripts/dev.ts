import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { watch } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { EmbeddedPostgres } from "../src/database/embedded/EmbeddedPostgres.ts"
import { LogOutput } from "../src/platform/LogOutput.ts"
import { Settings } from "../src/platform/Settings.ts"

/*
 * `npm run dev`: the service, started again whenever a file of `src` or `migrations` changes. The
 * embedded server, if it is used, runs on between two starts, which makes a restart quick.
 */

const root = fileURLToPath(new URL("..", import.meta.url))

/** Milliseconds without a change after which the service is started again: editors write twice. */
const settle = 100

const say = (line: string) => Effect.sync(() => process.stderr.write(`dev: ${line}\n`))

/** The names of files as they change. */
const changes = Effect.gen(function*() {
  const changed = yield* Queue.unbounded<string>()
  for (const folder of ["src", "migrations"]) {
    yield* Effect.acquireRelease(
      Effect.sync(() =>
        watch(join(root, folder), { recursive: true }, (_, name) => {
          if (name !== null && /\.(ts|sql|json)$/.test(name)) Queue.offerUnsafe(changed, join(folder, name))
        })
      ),
      (watcher) => Effect.sync(() => watcher.close())
    )
  }
  return changed
})

/** The service until the scope closes, which waits for its end. */
const service = Effect.acquireRelease(
  Effect.sync(() =>
    spawn(process.execPath, [...process.execArgv, join(root, "src/main.ts"), "serve", ...process.argv.slice(2)], {
      stdio: "inherit",
      env: { ...process.env, DRAIN_SECONDS: process.env["DRAIN_SECONDS"] ?? "0" }
    })
  ),
  (child) =>
    Effect.promise(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, "exit")
      child.kill("SIGTERM")
      await ended
    })
)

const untilChanged = (changed: Queue.Queue<string>) =>
  Effect.gen(function*() {
    const first = yield* Queue.take(changed)
    while (Option.isSome(yield* Effect.timeoutOption(Queue.take(changed), settle))) { /* the rest of the change */ }
    yield* say(`${first} has changed: starting again`)
  })

const run = Effect.gen(function*() {
  const { dataDir, database } = yield* Settings
  if (Option.isNone(database.url)) yield* EmbeddedPostgres.acquire(dataDir)
  const changed = yield* changes
  return yield* Effect.forever(Effect.scoped(Effect.andThen(service, untilChanged(changed))))
})

run.pipe(
  Effect.scoped,
  Effect.provide([Settings.layer, LogOutput.layer, NodeServices.layer]),
  NodeRuntime.runMain({ teardown: (_, exit) => exit(0) })
)
