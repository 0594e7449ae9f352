import * as Effect from "effect/Effect"
import { spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"

/** Another tenant, and the process of the service, which it looks after. */
export interface Bystander {
  readonly url: string
  readonly key: string
  readonly userId: string
  readonly pid: number
}

/** What a bystander saw for some time. Milliseconds, one of each request. */
export interface Window {
  readonly batches: ReadonlyArray<number>
  readonly reads: ReadonlyArray<number>
  /** Requests without a key, each on a connection of its own. */
  readonly connections: ReadonlyArray<number>
  /** The greatest delays of the service's event loop, without what it waited for a processor. */
  readonly delays: ReadonlyArray<number>
  /** The most bytes of memory that the service had. */
  readonly resident: number
  /** Events that were acknowledged. */
  readonly stored: number
  /** Answers that no bystander should get. */
  readonly failures: ReadonlyArray<string>
}

const program = fileURLToPath(new URL("bystanderProcess.ts", import.meta.url))
const runtime = process.versions["deno"] === undefined ? [] : ["run", "-A"]

/**
 * Starts a bystander, which goes on until it is told to end. `look` gives what it has seen since it
 * was last asked, as `end` does.
 */
export const startBystander = (bystander: Bystander) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => {
        const child = spawn(process.execPath, [...runtime, program, JSON.stringify(bystander)], { stdio: ["pipe", "pipe", "inherit"] })
        return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() }
      }),
      ({ child }) => Effect.sync(() => child.kill("SIGKILL"))
    ),
    ({ child, lines }) => {
      const ask = (line: string) =>
        Effect.promise(async (): Promise<Window> => {
          child.stdin.write(`${line}\n`)
          const { done, value } = await lines.next()
          if (done === true) throw new Error("the bystander has ended")
          return JSON.parse(value) as Window
        })
      return { look: ask("look"), end: ask("end") }
    }
  )
