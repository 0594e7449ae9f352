import * as Effect from "effect/Effect"
import { readFile } from "node:fs/promises"
import { runProgram } from "./runProgram.ts"

/** The command line of a process; undefined if there is no such process, or no way to know. */
export const commandLine = Effect.fnUntraced(function*(pid: number) {
  const args = yield* Effect.promise(() => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => undefined))
  if (args !== undefined) return args.split("\0").join(" ")
  const { code, output } = yield* runProgram({ file: "ps", args: ["-ww", "-o", "args=", "-p", String(pid)] })
  return code === 0 ? output : undefined
})
