import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { existsSync } from "node:fs"
import { getPriority } from "node:os"
import { Worker } from "node:worker_threads"

/** The niceness of a thread that gave way, and had that one before. */
const after = (niceness: number) =>
  Effect.callback<unknown>((resume) => {
    const thread = new Worker(new URL("./reluctantThread.ts", import.meta.url), { workerData: niceness })
    thread.once("message", (message) => resume(Effect.succeed(message)))
    thread.once("error", (error) => resume(Effect.die(error)))
  })

describe.skipIf(!existsSync("/proc/thread-self"))("lowerThreadPriority", () => {
  it.effect("lowers the priority of its own thread, never raises it, and touches no other's", () =>
    Effect.gen(function*() {
      // Not always 0: where tests share a thread, one that rebuilds has made it give way before.
      const before = getPriority()
      assert.strictEqual(yield* after(before), Math.max(before, 5))
      assert.strictEqual(yield* after(before + 7), before + 7)
      assert.strictEqual(getPriority(), before)
    }))
})
