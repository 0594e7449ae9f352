import { assert, layer } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { CurrentReadSlot, ReadShares } from "../../src/counters/ReadShares.ts"
import { seededRandom } from "../oracle/random.ts"
import { someTenant } from "../support/events/someTenant.ts"
import { until } from "../support/time/until.ts"

layer(ReadShares.layer, { excludeTestServices: true })("the slot of a read with parts side by side", (it) => {
  it.effect("is given back while all parts wait, taken once by those that come back, and none is left over", () =>
    Effect.gen(function*() {
      const shares = yield* ReadShares
      const [first, second] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const held = () => shares.inFlight().reads
      const read = yield* Effect.forkChild(
        shares.read(someTenant)(Effect.gen(function*() {
          const { aside, sideBySide } = yield* CurrentReadSlot
          yield* sideBySide([Deferred.await(first), Deferred.await(second)].map(aside))
          return held()
        }))
      )
      yield* until(() => held() === 0)
      // The tenant has all the slots that it may have.
      const go = yield* Deferred.make<void>()
      const others = yield* Effect.forEach(Array.from({ length: 6 }), () => Effect.forkChild(shares.read(someTenant)(Deferred.await(go))))
      yield* until(() => held() === 6)
      yield* Effect.all([Deferred.succeed(first, undefined), Deferred.succeed(second, undefined)])
      yield* until(() => shares.inFlight().waiting === 1)
      yield* Deferred.succeed(go, undefined)
      assert.isAtLeast(yield* Fiber.join(read), 1)
      for (const other of others) yield* Fiber.join(other)
      assert.deepInclude(shares.inFlight(), { reads: 0, waiting: 0 })
    }))

  it.effect("is held by every part at work, whatever the parts do, and never by more than the read", () =>
    Effect.gen(function*() {
      const shares = yield* ReadShares
      const random = seededRandom(7)
      const read = shares.read(someTenant)(Effect.gen(function*() {
        const { aside, sideBySide } = yield* CurrentReadSlot
        const steps = Effect.gen(function*() {
          for (let step = 0; step < 5; step++) {
            yield* aside(Effect.sleep(random.below(3)))
            assert.isAtLeast(shares.inFlight().reads, 1)
            yield* Effect.sleep(random.below(2))
            assert.isAtLeast(shares.inFlight().reads, 1)
          }
        })
        const interrupted = Effect.timeoutOption(steps, random.below(10))
        yield* sideBySide([steps, interrupted, steps])
        yield* aside(Effect.void)
        assert.isAtLeast(shares.inFlight().reads, 1)
      }))
      yield* Effect.all(Array.from({ length: 20 }, () => read), { concurrency: 20 })
      assert.deepInclude(shares.inFlight(), { reads: 0, waiting: 0 })
      // The slots are all there still.
      const go = yield* Deferred.make<void>()
      const others = yield* Effect.forEach(Array.from({ length: 7 }), () => Effect.forkChild(shares.read(someTenant)(Deferred.await(go))))
      yield* until(() => shares.inFlight().reads === 6 && shares.inFlight().waiting === 1)
      yield* Deferred.succeed(go, undefined)
      for (const other of others) yield* Fiber.join(other)
    }))
})
