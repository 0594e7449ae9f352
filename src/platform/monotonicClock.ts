import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

/**
 * A clock that starts at the current time and goes on evenly.
 *
 * The machine's clock jumps when a person or NTP sets it. A jump would make every wait too long or
 * too short by as much. So this clock is for code that asks how long ago something was: caches,
 * patience, retries for some seconds. Code that asks for the date must not use it.
 */
export const monotonicClock: Effect.Effect<Clock.Clock> = Effect.map(Clock.Clock, (clock) => {
  const began = BigInt(clock.currentTimeMillisUnsafe()) * 1_000_000n - clock.monotonicTimeNanosUnsafe()
  const nanos = () => began + clock.monotonicTimeNanosUnsafe()
  const millis = () => Number(nanos() / 1_000_000n)
  return {
    currentTimeMillisUnsafe: millis,
    currentTimeMillis: Effect.sync(millis),
    currentTimeNanosUnsafe: nanos,
    currentTimeNanos: Effect.sync(nanos),
    monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
    monotonicTimeNanos: clock.monotonicTimeNanos,
    sleep: (duration) => clock.sleep(duration)
  }
})

/** Makes an effect, and everything that it starts, go by one {@link monotonicClock}. */
export const steadyTime: Effect.Effect<<A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>> = Effect.map(
  monotonicClock,
  (clock) => (effect) => Effect.provideService(effect, Clock.Clock, clock)
)

/** Runs an effect by one {@link monotonicClock}. */
export const inSteadyTime = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(steadyTime, (steadily) => steadily(effect))
