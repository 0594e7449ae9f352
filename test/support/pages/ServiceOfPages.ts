import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { chmod, mkdtemp, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { removeFolder } from "../removeFolder.ts"
import { until } from "../time/until.ts"
import type { PageCommand } from "./pageCommands.ts"

const root = fileURLToPath(new URL("../../..", import.meta.url))

/** Why the commands of pages cannot be run here; undefined if they can. */
export const whyNoCommands: string | undefined = "Deno" in globalThis
  ? "npm is for Node"
  : spawnSync("curl", ["--version"]).status !== 0
  ? "there is no curl"
  : undefined

/** A shell, in which a reader runs the commands of a page one after the other. */
export interface Terminal {
  /** Runs commands, and gives what a reader sees of them. */
  readonly run: (command: PageCommand) => Effect.Effect<string>
}

/** What a shell says when commands have ended. */
const end = "-- that was all --"

/** A service as a reader of the pages has it: started by `npm start`, with a folder of its own. */
export class ServiceOfPages extends Context.Service<ServiceOfPages, {
  /** What `npm start` has printed, as a reader sees it. */
  readonly greeting: string
  /** Opens a terminal in the folder of the working copy. */
  readonly terminal: Effect.Effect<Terminal, never, Scope.Scope>
}>()("playtally/test/ServiceOfPages") {
  static readonly layer = Layer.effect(
    ServiceOfPages,
    Effect.gen(function*() {
      const folder = yield* Effect.acquireRelease(
        Effect.promise(async () => {
          const path = await mkdtemp(join(tmpdir(), "playtally-pages-"))
          // For the account that runs the server if we are root.
          await chmod(path, 0o711)
          // A reader at a terminal sees no progress. A strong reading waits for a slow machine.
          await writeFile(join(path, ".curlrc"), "silent\nshow-error\nheader = \"Prefer: wait=30\"\n")
          return path
        }),
        (path) => Effect.promise(() => removeFolder(path))
      )
      const dataDir = join(folder, "data")
      const { HOME = "", NODE_COMPILE_CACHE = "", PATH = "" } = process.env
      const env = { HOME, NODE_COMPILE_CACHE, PATH, DATA_DIR: dataDir, DRAIN_SECONDS: "0", CURL_HOME: folder, TMPDIR: folder }

      const service = yield* Effect.acquireRelease(
        Effect.sync(() =>
          spawn("npm", ["start"], { cwd: root, detached: true, env: { ...env, PORT: "0" }, stdio: ["ignore", "pipe", "pipe"] })
        ),
        (child) => Effect.promise(() => stopped(child))
      )
      const said = { out: "", err: "" }
      service.stdout.on("data", (chunk) => said.out += String(chunk))
      service.stderr.on("data", (chunk) => said.err += String(chunk))
      yield* until(() => said.out.includes("consistency=strong") || service.exitCode !== null)
      const port = /^playtally listens on http:\/\/127\.0\.0\.1:(\d+)$/m.exec(said.out)?.[1]
      if (port === undefined) return yield* Effect.die(new Error(`npm start does not listen: ${said.out}${said.err}`))

      const here = (text: string) => text.replaceAll("127.0.0.1:3000", `127.0.0.1:${port}`).replaceAll(/(?<![\w/.])\.data\b/g, dataDir)
      const asRead = (text: string) =>
        text.replaceAll(`127.0.0.1:${port}`, "127.0.0.1:3000").replaceAll(dataDir, ".data").replaceAll("\r\n", "\n")
          // What npm says before it runs a script.
          .replaceAll(/^\n> .*\n> .*\n\n?/gm, "")

      // A log line is for the log, not for the reader.
      const settings = { ...env, PORT: port, LOG_LEVEL: "error" }
      const terminal = Effect.map(
        Effect.acquireRelease(
          Effect.sync(() => spawn("sh", [], { cwd: root, env: settings, stdio: ["pipe", "pipe", "ignore"] })),
          (shell) => Effect.sync(() => shell.kill("SIGKILL"))
        ),
        (shell): Terminal => {
          let printed = ""
          shell.stdout.on("data", (chunk) => printed += String(chunk))
          return {
            run: Effect.fnUntraced(function*({ command }: PageCommand) {
              printed = ""
              shell.stdin.write(`{ ${here(command)}\n} </dev/null 2>&1\necho "${end}"\n`)
              yield* until(() => printed.includes(end) || shell.exitCode !== null)
              return asRead(printed.replace(`${end}\n`, ""))
            })
          }
        }
      )
      return ServiceOfPages.of({ greeting: asRead(said.out), terminal })
    })
  )
}

/** Stops a process group as Ctrl-C does, and waits for its end. */
const stopped = async (child: ChildProcess) => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, "exit")
  process.kill(-Number(child.pid), "SIGINT")
  await exit
}
