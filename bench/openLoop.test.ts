import { assert, describe, it } from "@effect/vitest"
import { setTimeout } from "node:timers/promises"
import { slowness } from "../test/support/time/slowness.ts"
import { openLoop } from "./openLoop.ts"
import { quantile } from "./statistics.ts"

/**
 * Answers at once, but for one request in the whole run, which holds up all others until it is
 * done.
 */
const stalling = (at: number, milliseconds: number) => {
  let free: Promise<unknown> = Promise.resolve()
  return async (request: number) => {
    if (request === at) free = setTimeout(milliseconds)
    await free
  }
}

describe("openLoop", () => {
  it("shows a stall in the percentiles, however few connections there are to wait on", async () => {
    for (const connections of [1, 4, 64]) {
      // 60 requests in 600 ms, of which some 30 become due while nothing is answered for 300 ms.
      const latencies = await openLoop({ rate: 100, count: 60, connections, call: stalling(15, 300) })
      assert.strictEqual(latencies.length, 60)
      assert.isAbove(quantile(latencies, 0.75), 100, `${connections} connections`)
      assert.isAbove(quantile(latencies, 1), 290, `${connections} connections`)
    }
  })

  it("keeps to its rate when everything is answered at once", async () => {
    const started = performance.now()
    const latencies = await openLoop({ rate: 200, count: 60, connections: 2, call: () => Promise.resolve() })
    assert.isAtLeast(performance.now() - started, 59 * 5 - 5)
    assert.isBelow(quantile(latencies, 0.5), 20 * slowness())
  })

  it("fails with the first request that fails", async () => {
    const call = (request: number) => request === 3 ? Promise.reject(new Error("refused")) : Promise.resolve()
    const failure = await openLoop({ rate: 1000, count: 100, connections: 2, call }).then(() => undefined, String)
    assert.strictEqual(failure, "Error: refused")
  })
})
