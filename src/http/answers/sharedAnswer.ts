import * as Effect from "effect/Effect"
import { monotonicMillis } from "../../tenants/RateLimits.ts"
import { TokenBuckets } from "../../tenants/TokenBuckets.ts"

/** How often an answer is made at most. */
const rate = { perSecond: 10, burst: 10 }

/**
 * An answer without a key: it is made at most ten times a second, and shared.
 *
 * A request in between gets the last one, at most 100 milliseconds old. It is made in one step, so
 * two requests never make it at once.
 */
export const sharedAnswer = <A>(make: Effect.Effect<A>): Effect.Effect<Effect.Effect<A>> =>
  Effect.map(monotonicMillis, (now) => {
    const buckets = new TokenBuckets(rate.perSecond, rate.burst, now)
    let last: { readonly answer: A } | undefined
    return Effect.suspend(() =>
      last === undefined || buckets.take("", 1) === 0
        ? Effect.tap(make, (answer) => Effect.sync(() => last = { answer }))
        : Effect.succeed(last.answer)
    )
  })
