import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

export type Runtime = "node" | "deno"

/** A running service, as `npm start` or `npm run start:deno` starts it. */
export interface ServiceUnderTest {
  readonly url: string
  /** A key of its tenant `demo` with all scopes. */
  readonly apiKey: string
  /** The number of its process, or of the first of several. */
  readonly pid: number
  /** Its resident memory in MB, all threads. */
  readonly memory: () => number
  /**
   * Never comes back while the service runs; its end before it is stopped is a defect, with the
   * last that it said.
   */
  readonly ended: Effect.Effect<never>
}

const root = fileURLToPath(new URL("..", import.meta.url))
const apiKey = "key-of-the-benchmark-for-all-scopes"

/** Where the Deno of this project's packages is. */
export const denoProgram = (): string => {
  const scope = join(root, "node_modules/@deno")
  const platform = readdirSync(scope).find((name) => name.startsWith(`${process.platform}-${process.arch}`))
  return join(scope, platform ?? "", "deno")
}

/** Kills the process when this one dies by whatever means (its standard input ends). */
const watcher = `read _; kill -KILL "$0" 2>/dev/null`

/** Starts a process of its own group that does not outlive this one. */
export const startChild = (
  file: string,
  args: ReadonlyArray<string>,
  settings: Readonly<Record<string, string>>
): Effect.Effect<ChildProcess, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const child = spawn(file, args, {
        cwd: root,
        detached: true,
        env: { ...environment(), DRAIN_SECONDS: "0", ...settings },
        stdio: ["ignore", "pipe", "pipe"]
      })
      const guard = spawn("sh", ["-c", watcher, String(child.pid)], { detached: true, stdio: ["pipe", "ignore", "ignore"] })
      // First the guard, so that it never meets another process under this number.
      child.on("exit", () => guard.kill("SIGKILL"))
      return child
    }),
    (child) =>
      Effect.promise(async () => {
        const ended = new Promise((done) => child.once("exit", done))
        if (child.exitCode !== null || child.signalCode !== null) return
        child.kill("SIGTERM")
        const impatience = setTimeout(() => child.kill("SIGKILL"), 10_000)
        await ended
        clearTimeout(impatience)
      })
  )

/** No setting of whoever runs the benchmark reaches the service. */
const environment = () =>
  Object.fromEntries(
    ["PATH", "HOME", "DENO_DIR", "TMPDIR", "npm_execpath"].flatMap((name) => {
      const value = process.env[name]
      return value === undefined ? [] : [[name, value]]
    })
  )

/** What a child has written, as it comes. */
export const outputOf = (child: ChildProcess): () => string => {
  let output = ""
  child.stdout?.on("data", (chunk) => output += String(chunk))
  child.stderr?.on("data", (chunk) => output += String(chunk))
  return () => output
}

/**
 * Starts the service on a database, on a port of its own of 127.0.0.1, and waits until it listens.
 * One that does not come up is a defect.
 */
export const startService = (
  runtime: Runtime,
  databaseUrl: string,
  settings: Readonly<Record<string, string>> = {}
): Effect.Effect<ServiceUnderTest, never, Scope.Scope> =>
  Effect.gen(function*() {
    const command = runtime === "node" ? "start" : "start:deno"
    const child = yield* startChild(process.execPath, ["scripts/run.mjs", command], {
      DATABASE_URL: databaseUrl,
      BOOTSTRAP_API_KEY: apiKey,
      HOST: "127.0.0.1",
      PORT: "0",
      ...settings
    })
    const output = outputOf(child)
    const listening = () => /^playtally listens on (http:\S+)$/m.exec(output())?.[1]
    yield* Effect.repeat(
      Effect.suspend(() =>
        child.exitCode === null && child.signalCode === null
          ? Effect.sync(listening)
          : Effect.die(new Error(`the service ended: ${output()}`))
      ),
      { until: (url) => url !== undefined, schedule: Schedule.spaced("20 millis") }
    ).pipe(Effect.timeout("60 seconds"), Effect.orDie)
    const { pid } = child
    const greeted = output().length
    const ended = Effect.callback<never>((resume) => {
      const tell = () => {
        const how = `the service ended with ${child.exitCode ?? child.signalCode}`
        resume(Effect.die(new Error([how, ...output().slice(greeted).trim().split("\n").slice(-10)].join("\n"))))
      }
      if (child.exitCode !== null || child.signalCode !== null) return tell()
      child.once("close", tell)
      return Effect.sync(() => child.off("close", tell))
    })
    return { url: listening() ?? "", apiKey, pid: pid ?? NaN, memory: () => pid === undefined ? NaN : memoryOf(pid), ended }
  })

/** NaN for a process that has ended. */
const memoryOf = (pid: number): number => {
  try {
    const kilobytes = process.platform === "linux"
      ? /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]
      : execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" }).trim()
    return Number(kilobytes) / 1024
  } catch {
    return NaN
  }
}
