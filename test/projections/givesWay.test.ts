import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { existsSync } from "node:fs"
import { getPriority } from "node:os"
import { Worker } from "node:worker_threads"

describe.skipIf(!existsSync("/proc/thread-self"))("givesWay", () => {
  it.effect("lowers the priority of its own thread, and of no other", () =>
    Effect.gen(function*() {
      const before = getPriority()
      const priority = yield* Effect.callback<unknown>((resume) => {
        const thread = new Worker(new URL("./reluctantThread.ts", import.meta.url))
        thread.once("message", (message) => resume(Effect.succeed(message)))
        thread.once("error", (error) => resume(Effect.die(error)))
      })
      assert.strictEqual(priority, before + 5)
      assert.strictEqual(getPriority(), before)
    }))
})
