import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { Settings } from "../platform/Settings.ts"
import type { Tenant } from "./Tenant.ts"
import { TokenBuckets } from "./TokenBuckets.ts"

/** Somebody asks for more than may be had in a second. Nothing was done. */
export class RateExceeded extends Schema.TaggedError<RateExceeded>("playtally/tenants/RateExceeded")("RateExceeded", {
  what: Schema.Literals(["requests", "events", "unknown keys"]),
  perSecond: Schema.Finite,
  /** Whole seconds after which to ask again. */
  retryAfter: Schema.Int
}) {}

/** Fails if there is something to wait for, in milliseconds. */
export const unlessWaiting = (
  wait: number,
  exceeded: { readonly what: RateExceeded["what"]; readonly perSecond: number }
): Effect.Effect<void, RateExceeded> =>
  wait === 0 ? Effect.void : Effect.fail(new RateExceeded({ ...exceeded, retryAfter: Math.ceil(wait / 1000) }))

/** Milliseconds of the clock that never goes back. */
export const monotonicMillis = Effect.map(Clock.Clock, (clock) => () => Number(clock.monotonicTimeNanosUnsafe()) / 1e6)

/**
 * What a tenant may send in a second to this process (docs/design.md#the-bulk-endpoint), as the
 * settings have it: a rate, and a burst of what that rate gives in some seconds. Off by default:
 * what the process has in flight is bounded and shared out anyway, and how much is much is known to
 * the operator alone.
 */
export class RateLimits extends Context.Service<RateLimits, {
  /** One request of any kind. */
  readonly request: (tenant: Tenant) => Effect.Effect<void, RateExceeded>
  /**
   * The items of a batch, whatever becomes of them. A batch larger than the burst is let on by a
   * full bucket.
   */
  readonly events: (tenant: Tenant, count: number) => Effect.Effect<void, RateExceeded>
}>()("playtally/tenants/RateLimits") {
  static readonly layer = Layer.effect(
    RateLimits,
    Effect.gen(function*() {
      const { rates } = yield* Settings
      const now = yield* monotonicMillis

      const limit = (what: "requests" | "events", perSecond: number) => {
        if (perSecond <= 0) return () => Effect.void
        const buckets = new TokenBuckets(perSecond, perSecond * rates.burstSeconds, now)
        return ({ tenantId }: Tenant, count: number) =>
          Effect.suspend(() => unlessWaiting(buckets.take(tenantId, count), { what, perSecond }))
      }
      const requests = limit("requests", rates.requestsPerSecond)
      const events = limit("events", rates.eventsPerSecond)
      return RateLimits.of({ request: (tenant) => requests(tenant, 1), events })
    })
  )
}
