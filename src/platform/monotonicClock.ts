import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

/**
 * The clock as it was at first, going on evenly whatever becomes of the machine's: set by hand or
 * by NTP, that one jumps. For everything that asks how long ago something was (caches, patience,
 * trying again for some seconds), which a jump would otherwise make too long or too short by as
 * much. What asks for the date must not use it.
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

/** What has an effect, and whatever that starts, go by one {@link monotonicClock} from now on. */
export const steadyTime: Effect.Effect<<A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>> = Effect.map(
  monotonicClock,
  (clock) => (effect) => Effect.provideService(effect, Clock.Clock, clock)
)

/** All of an effect by one {@link monotonicClock}. */
export const inSteadyTime = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(steadyTime, (steadily) => steadily(effect))
