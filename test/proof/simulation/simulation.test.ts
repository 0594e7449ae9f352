import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { readFileSync } from "node:fs"
import { inject } from "vitest"
import { breakages } from "./breakages.ts"
import { type Failure, runSeeds } from "./runSeeds.ts"
import { simulate } from "./simulate.ts"
import { simulatedServers } from "./SimulatedServers.ts"

const seeds = 12

describe("a simulated service", () => {
  it.live(`acknowledges, orders, folds and rebuilds as it should in ${seeds} runs`, () =>
    Effect.gen(function*() {
      let next = 1
      const failures: Array<Failure> = []
      yield* runSeeds(inject("databaseUrl"), {
        worlds: 2,
        next: () => next <= seeds && failures.length === 0 ? next++ : undefined,
        done: (failure) => {
          if (failure !== undefined) failures.push(failure)
        }
      })
      for (const { report } of failures) assert.fail(report)
    }))

  it.live("does the same for the same seed, whatever was run before it and beside it", () =>
    Effect.gen(function*() {
      const [one, other] = yield* Effect.all([1, 2].map(() => simulatedServers(inject("databaseUrl"))), { concurrency: 2 })
      if (one === undefined || other === undefined) return
      yield* Effect.promise(() => simulate(1, one))
      for (const seed of [3, 8]) {
        const runs = yield* Effect.promise(() => Promise.all([simulate(seed, one), simulate(seed, other)]))
        const [[first], [second]] = runs
        assert.deepStrictEqual(second.trace, first.trace)
        assert.isAbove(first.trace.length, 50)
      }
    }))

  it("knows where to break the code on purpose", () => {
    for (const { edits, file, name } of breakages) {
      const text = readFileSync(new URL(`../../../${file}`, import.meta.url), "utf8")
      for (const [from] of edits) assert.strictEqual(text.split(from).length, 2, `${name}: ${file}`)
    }
  })
})
