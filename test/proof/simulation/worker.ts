import * as Effect from "effect/Effect"
import { readFileSync } from "node:fs"
import { registerHooks } from "node:module"
import { fileURLToPath } from "node:url"
import { parentPort, workerData } from "node:worker_threads"
import { breakages } from "./breakages.ts"
import type { Failure } from "./runSeeds.ts"

/** What a thread of the search is told. Its seeds are `first`, `first + step` … before `end`. */
export interface Work {
  readonly serverUrl: string
  readonly first: number
  readonly step: number
  readonly end: number
  /** The name of a breakage to make, if any. */
  readonly breakage: string | undefined
  /** How many partitions each log has; undefined if the seed says so. */
  readonly partitions: 1 | 3 | undefined
  /** Whether each log is split. */
  readonly split: boolean
}

/** What it tells after each run. */
export interface Ran {
  readonly failure: Failure | undefined
}

const { breakage, end, first, partitions, serverUrl, split, step }: Work = workerData

const broken = breakages.find(({ name }) => name === breakage)
if (broken !== undefined) {
  const file = fileURLToPath(new URL(`../../../${broken.file}`, import.meta.url))
  registerHooks({
    load: (url, context, nextLoad) => {
      if (url.startsWith("file:") && fileURLToPath(url) === file) {
        const source = broken.edits.reduce((text, [from, to]) => text.replace(from, () => to), readFileSync(file, "utf8"))
        return { format: "module-typescript", source, shortCircuit: true }
      }
      return nextLoad(url, context)
    }
  })
}

// Loaded only now, for the hooks.
const { runSeeds } = await import("./runSeeds.ts")
let next = first
let isStopped = false
parentPort?.on("message", () => {
  isStopped = true
})
// Being told to stop is nothing to wait for.
parentPort?.unref()
await Effect.runPromise(runSeeds(serverUrl, {
  worlds: 2,
  partitions,
  split,
  next: () => {
    if (isStopped || next >= end) return undefined
    next += step
    return next - step
  },
  done: (failure) => {
    isStopped ||= failure !== undefined
    // That rule is for windows.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin
    parentPort?.postMessage({ failure } satisfies Ran)
  }
}))
