import * as Effect from "effect/Effect"
import { readlinkSync } from "node:fs"
import { getPriority, setPriority } from "node:os"
import { basename } from "node:path"
import { parentPort, workerData } from "node:worker_threads"
import { lowerThreadPriority } from "../../../src/projections/runner/lowerThreadPriority.ts"

/** A thread of the niceness given that gives way, and tells its niceness afterwards. */
const thread = Number(basename(readlinkSync("/proc/thread-self")))
setPriority(thread, Number(workerData))
Effect.runSync(lowerThreadPriority)
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has a port, and no origin
parentPort?.postMessage(getPriority(thread))
