import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"

/** Waits, looking again and again, until something holds. */
export const until = (condition: () => boolean): Effect.Effect<void> => every("5 millis", Effect.sync(condition))

/**
 * {@link until} for what has to be asked: less often, since whoever answers has other things to do.
 */
export const untilEffect = <E, R>(condition: Effect.Effect<boolean, E, R>): Effect.Effect<void, E, R> => every("15 millis", condition)

/** Waits until the clock has left the millisecond of an instant: the log tells no less apart. */
export const untilAfter = (instant: number): Effect.Effect<void> =>
  Effect.asVoid(Effect.repeat(Clock.currentTimeMillis, { until: (now) => now > instant }))

const every = <E, R>(pause: Duration.Input, condition: Effect.Effect<boolean, E, R>): Effect.Effect<void, E, R> =>
  Effect.asVoid(Effect.repeat(condition, { until: (holds) => holds, schedule: Schedule.spaced(pause) }))
