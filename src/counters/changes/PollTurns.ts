import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Tenant } from "../../tenants/Tenant.ts"

/** The tenant already has as many long polls waiting as it may have. Nothing was read. */
export class TooManyPolls extends Schema.TaggedError<TooManyPolls>("playtally/counters/TooManyPolls")("TooManyPolls", {
  limit: Schema.Int
}) {}

/** The most polls of one tenant that wait at once. */
const maxPolls = 64

/** Counts the polls of each tenant that wait. */
export class PollTurns {
  private readonly polls = new Map<string, number>()

  /** Runs a poll. It fails with {@link TooManyPolls} if the tenant has as many as it may have. */
  readonly take = <A, E, R>(tenant: Tenant, poll: Effect.Effect<A, E, R>): Effect.Effect<A, E | TooManyPolls, R> =>
    Effect.acquireUseRelease(
      Effect.suspend(() => this.change(tenant, 1) ? Effect.void : Effect.fail(new TooManyPolls({ limit: maxPolls }))),
      () => poll,
      () => Effect.sync(() => this.change(tenant, -1))
    )

  /** Whether the tenant may have so many. */
  private change({ tenantId }: Tenant, by: 1 | -1): boolean {
    const waiting = (this.polls.get(tenantId) ?? 0) + by
    if (waiting > maxPolls) return false
    if (waiting === 0) this.polls.delete(tenantId)
    else this.polls.set(tenantId, waiting)
    return true
  }
}
