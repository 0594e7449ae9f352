import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { denoImports } from "../../../scripts/denoImports.mjs"

/** How a process ended: its exit code, or the signal that ended it. */
export interface Ending {
  readonly code: number | null
  readonly signal: string | null
}

/** A running `src/main.ts`, alone in its process group. */
export interface Program {
  /** The number of the process, if it came into being. */
  readonly pid: number | undefined
  /** What it has written so far. */
  readonly stdout: () => string
  readonly stderr: () => string
  /** Sends a signal to the process or to its whole group; one that has ended does not mind. */
  readonly signal: (signal: NodeJS.Signals, to?: "process" | "group") => Effect.Effect<void>
  /** Waits for its end, its output complete. */
  readonly ended: Effect.Effect<Ending>
}

const root = fileURLToPath(new URL("../../..", import.meta.url))
const runtimeFor = ({ PROJECTIONS_DIR }: Readonly<Record<string, string>>): ReadonlyArray<string> =>
  process.versions["deno"] === undefined
    ? []
    : ["run", "-A", ...PROJECTIONS_DIR === undefined ? [] : [`--import-map=${denoImports(root)}`]]

/**
 * Nothing but what the runtimes themselves need, and what makes them start faster: no setting of
 * whoever runs the tests reaches the program.
 */
const environment = Object.fromEntries(
  ["PATH", "HOME", "DENO_DIR", "TMPDIR", "NODE_COMPILE_CACHE"].flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value]]
  })
)

/** Kills the program when this process dies by whatever means (its standard input ends). */
const watcher = `read _; kill -KILL "$0" 2>/dev/null`

/**
 * Starts the command line with some arguments and with settings as its environment, on the runtime
 * that runs the tests; of another working copy if its folder is given. When the scope closes, the
 * program is killed if it is still there.
 */
export const startProgram = (
  args: ReadonlyArray<string>,
  settings: Readonly<Record<string, string>>,
  folder = root
): Effect.Effect<Program, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync((): Program => {
      const child = spawn(process.execPath, [...runtimeFor(settings), "src/main.ts", ...args], {
        cwd: folder,
        detached: true,
        env: { ...environment, ...settings },
        stdio: ["ignore", "pipe", "pipe"]
      })
      const guard = spawn("sh", ["-c", watcher, String(child.pid)], { detached: true, stdio: ["pipe", "ignore", "ignore"] })
      const ended = Deferred.makeUnsafe<Ending>()
      let stdout = ""
      let stderr = ""
      child.stdout.on("data", (chunk) => stdout += String(chunk))
      child.stderr.on("data", (chunk) => stderr += String(chunk))
      // First the guard, so that it never meets another process under this number.
      child.on("exit", () => guard.kill("SIGKILL"))
      child.on("error", (error) => Deferred.doneUnsafe(ended, Exit.die(error)))
      child.on("close", (code, signal) => Deferred.doneUnsafe(ended, Exit.succeed({ code, signal })))
      return {
        pid: child.pid,
        stdout: () => stdout,
        stderr: () => stderr,
        signal: (signal, to = "process") =>
          Effect.sync(() => {
            if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
            // Not `child.kill`: Deno then says that the signal ended it, whatever it did.
            process.kill(to === "process" ? child.pid : -child.pid, signal)
          }),
        ended: Deferred.await(ended)
      }
    }),
    (program) => Effect.andThen(program.signal("SIGKILL"), program.ended)
  )
