import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"

const again = Schedule.spaced("5 millis")

/** Waits, looking again and again, until something holds. */
export const until = (condition: () => boolean): Effect.Effect<void> => untilEffect(Effect.sync(condition))

/** {@link until} for what has to be asked. */
export const untilEffect = <E, R>(condition: Effect.Effect<boolean, E, R>): Effect.Effect<void, E, R> =>
  Effect.asVoid(Effect.repeat(condition, { until: (holds) => holds, schedule: again }))
