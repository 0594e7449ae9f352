import type { PgClient } from "@effect/sql-pg"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type { SqlError } from "effect/sql"
import { tenantsWithin } from "../../event-log/statements/positionRanges.ts"
import { tenantsErasing } from "../../event-log/statements/toldErasures.ts"
import { tenantsSince } from "../../projections/feed/generations.ts"
import type { ProjectionRunner } from "../../projections/runner/ProjectionRunner.ts"
import type { Tenant } from "../../tenants/Tenant.ts"
import { type FeedPlace, type FeedState, furthestState, isPast, isSameHistory } from "./FeedPlace.ts"
import { eventCount, rangesBetween } from "./LogOffset.ts"

/** How far there is something to tell, at one look. The steps of a process are a chain. */
interface Step {
  readonly state: FeedState
  /**
   * The tenants that the changes since the step before concern; undefined if that may be all
   * tenants.
   */
  readonly tenants: ReadonlySet<string> | undefined
  readonly next: Deferred.Deferred<Step>
}

/** How often to look for chunks that another process has fed. */
const poll = "250 millis"
/** The most events between two steps whose tenants are looked up. */
const maxEvents = 20_000

/** Follows the end of the log, its erasures and its generations for all readers who wait there. */
export interface ChangeTail {
  /**
   * Waits until there may be something to tell the tenant after `place()`. It never fails.
   *
   * Meanwhile it calls `passed` with states up to which there is nothing. So a reader who stops
   * waiting need not read the events of other tenants again.
   */
  readonly next: (tenant: Tenant, place: () => FeedPlace, passed: (state: FeedState) => void) => Effect.Effect<void>
}

/**
 * Looks how far the projections have come after each chunk, once for all readers who wait.
 *
 * It does not look while no reader waits.
 */
export const makeChangeTail = Effect.fnUntraced(function*(
  sql: PgClient.PgClient,
  reached: Effect.Effect<FeedState, SqlError.SqlError>,
  runner: ProjectionRunner["Service"]
) {
  let last: Step | undefined
  const first = Deferred.makeUnsafe<Step>()
  let waiting = 0
  const awaited = Latch.makeUnsafe(false)

  /** The tenants that hear of what is between two states of one history. */
  const concerned = Effect.fnUntraced(function*(before: FeedState, state: FeedState) {
    const ranges = rangesBetween(before.positions, state.positions)
    if (eventCount(ranges) > maxEvents) return undefined
    const retold = state.generation > before.generation ? yield* tenantsSince(sql, before.generation) : new Set<string>()
    if (retold === undefined) return undefined
    const erasing = state.erasure > before.erasure ? yield* tenantsErasing(sql, before.erasure) : new Set<string>()
    return (ranges.length === 0 ? new Set<string>() : yield* tenantsWithin(sql, ranges)).union(retold).union(erasing)
  })

  const look = Effect.gen(function*() {
    const now = yield* reached
    const before = last
    // Within one history a state never goes back, not even over an activation.
    const isSame = before !== undefined && isSameHistory(before.state, now)
    const state = isSame ? furthestState(before.state, now) : now
    if (isSame && !isPast(before.state, state)) return
    const tenants = isSame ? yield* concerned(before.state, state) : undefined
    const step: Step = { state, tenants, next: Deferred.makeUnsafe() }
    last = step
    Deferred.doneUnsafe(before?.next ?? first, Effect.succeed(step))
  })
  const follow = Effect.gen(function*() {
    yield* awaited.await
    const nextChunk = runner.nextChunk()
    // While the database is away a waiting reader hears nothing, and is answered when its time is
    // over.
    yield* Effect.ignore(look)
    yield* Effect.timeoutOption(nextChunk, poll)
  })
  yield* Effect.forkScoped(Effect.forever(follow))

  const next = Effect.fnUntraced(function*(tenant: Tenant, place: () => FeedPlace, passed: (state: FeedState) => void) {
    for (let step = last ?? (yield* Deferred.await(first)); !isPast(place(), step.state);) {
      step = yield* Deferred.await(step.next)
      if (step.tenants === undefined || step.tenants.has(tenant.tenantId)) return
      passed(step.state)
    }
  })

  const tail: ChangeTail = {
    next: (tenant, place, passed) =>
      Effect.acquireUseRelease(
        Effect.sync(() => {
          waiting++
          awaited.openUnsafe()
        }),
        () => next(tenant, place, passed),
        () =>
          Effect.sync(() => {
            waiting--
            if (waiting === 0) awaited.closeUnsafe()
          })
      )
  }
  return tail
})
