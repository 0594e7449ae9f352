import { appendFileSync, existsSync } from "node:fs"
import process from "node:process"
import { workerData } from "node:worker_threads"
import type { ThreadData } from "../../../src/projections/runner/ThreadMessage.ts"

/**
 * A projections' thread that notes in the file `MUTE_THREAD` which portion it is started with, and
 * the first time stands still.
 */
const file = process.env["MUTE_THREAD"] ?? ""
const isFirst = !existsSync(file)
const { portion }: ThreadData = workerData
appendFileSync(file, `${portion} `)
// Not for ever: a thread that no runtime can end must not keep the test's process.
if (isFirst) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30_000)
else await import("../../../src/thread.ts")
