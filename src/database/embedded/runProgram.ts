import * as Effect from "effect/Effect"
import { type ChildProcess, spawn } from "node:child_process"

/**
 * A program, and the account that runs it.
 *
 * Effect's ChildProcess cannot change the account, and a server that root starts needs that.
 */
export interface Program {
  readonly file: string
  readonly args: ReadonlyArray<string>
  readonly user?: { readonly uid: number; readonly gid: number } | undefined
}

/**
 * What came of a program.
 *
 * `code` is null if it did not start or was killed. `output` holds what it printed to both streams,
 * or why it did not start.
 */
export interface ProgramResult {
  readonly code: number | null
  readonly output: string
}

const start = ({ args, file, user }: Program): ChildProcess =>
  spawn(file, args, {
    cwd: "/",
    // It has a session of its own, so that a Ctrl-C meant for us does not end an initdb halfway.
    // Its environment is small, so that no PG* variable reaches it.
    detached: true,
    env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", LC_ALL: "C" },
    stdio: ["ignore", "pipe", "pipe"],
    ...user
  })

/** Runs a program to its end. It never fails, and an interruption kills the program. */
export const runProgram = (program: Program): Effect.Effect<ProgramResult> =>
  Effect.callback((resume) => {
    let child: ChildProcess
    try {
      child = start(program)
    } catch (cause) {
      return resume(Effect.succeed({ code: null, output: String(cause) }))
    }
    let output = ""
    child.stdout?.on("data", (chunk) => output += String(chunk))
    child.stderr?.on("data", (chunk) => output += String(chunk))
    child.on("error", (cause) => resume(Effect.succeed({ code: null, output: cause.message })))
    child.on("close", (code) => resume(Effect.succeed({ code, output })))
    return Effect.sync(() => child.kill("SIGKILL"))
  })
