import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { Settings } from "../platform/Settings.ts"
import type { Tenant } from "./Tenant.ts"
import { TokenBuckets } from "./TokenBuckets.ts"

/** A tenant or an address asks for more than its rate permits. Nothing was done. */
export class RateExceeded extends Schema.TaggedError<RateExceeded>("playtally/tenants/RateExceeded")("RateExceeded", {
  what: Schema.Literals(["requests", "events", "unknown keys"]),
  perSecond: Schema.Finite,
  /** The whole seconds after which to ask again. */
  retryAfter: Schema.Int
}) {}

/** Fails unless the wait, in milliseconds, is 0. */
export const unlessWaiting = (
  wait: number,
  exceeded: { readonly what: RateExceeded["what"]; readonly perSecond: number }
): Effect.Effect<void, RateExceeded> =>
  wait === 0 ? Effect.void : Effect.fail(new RateExceeded({ ...exceeded, retryAfter: Math.ceil(wait / 1000) }))

/** Reads the clock that never goes back, in milliseconds. */
export const monotonicMillis = Effect.map(Clock.Clock, (clock) => () => Number(clock.monotonicTimeNanosUnsafe()) / 1e6)

/**
 * What a tenant may send to this process in a second (docs/design.md#the-bulk-endpoint).
 *
 * The settings have a rate, and a burst as the seconds that it lasts. Rates are off by default.
 * What is in flight is bounded and shared between tenants anyway, so a rate adds no safety.
 */
export class RateLimits extends Context.Service<RateLimits, {
  /**
   * Charges the tenant for one request of any kind. `RateExceeded`: the request is to be refused.
   */
  readonly request: (tenant: Tenant) => Effect.Effect<void, RateExceeded>
  /**
   * Charges the tenant for the items of a batch, valid or not.
   *
   * A batch larger than the burst passes when the bucket is full. `RateExceeded`: nothing is
   * charged.
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
