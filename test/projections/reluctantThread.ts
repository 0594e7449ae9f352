import * as Effect from "effect/Effect"
import { readlinkSync } from "node:fs"
import { getPriority } from "node:os"
import { basename } from "node:path"
import { parentPort } from "node:worker_threads"
import { givesWay } from "../../src/projections/givesWay.ts"

/** A thread that gives way, and tells its priority afterwards. */
Effect.runSync(givesWay)
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has a port, and no origin
parentPort?.postMessage(getPriority(Number(basename(readlinkSync("/proc/thread-self")))))
