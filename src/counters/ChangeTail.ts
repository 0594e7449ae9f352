import type { PgClient } from "@effect/sql-pg"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type { SqlError } from "effect/sql"
import { tenantsWithin } from "../event-log/statements/positionRanges.ts"
import { tenantsErasing } from "../event-log/statements/toldErasures.ts"
import { tenantsSince } from "../projections/feed/generations.ts"
import type { ProjectionRunner } from "../projections/runner/ProjectionRunner.ts"
import type { Tenant } from "../tenants/Tenant.ts"
import { type FeedPlace, type FeedState, furthestState, isPast, isSameHistory } from "./FeedPlace.ts"
import { eventCount, rangesBetween } from "./LogOffset.ts"

/** How far there is something to tell, as of one look; the steps of a process are a chain. */
interface Step {
  readonly state: FeedState
  /**
   * Who is concerned by what is between the step before and this one; undefined if that may be
   * everybody.
   */
  readonly tenants: ReadonlySet<string> | undefined
  readonly next: Deferred.Deferred<Step>
}

/** How often to look for chunks that other processes have fed. */
const poll = "250 millis"
/** Most events between two steps whose tenants are looked at. */
const maxEvents = 20_000

/** Follows the end of the log, its erasures and its generations for all who wait there. */
export interface ChangeTail {
  /**
   * Waits until there may be something to tell the tenant after `place()`. Meanwhile `passed` is
   * told of states up to which there is nothing, so that nothing of other tenants' events has to be
   * read again by a reader who stops waiting.
   */
  readonly next: (tenant: Tenant, place: () => FeedPlace, passed: (state: FeedState) => void) => Effect.Effect<void>
}

/**
 * Looks where the projections have come after each chunk they are fed, once for everybody who
 * waits, however many these are and of how many tenants. Nobody waits, nobody looks.
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

  /** Who hears of what is between two states of one history. */
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
    // Within one history it never goes back, not even over an activation.
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
    // Who waits hears nothing while the database is away, and is answered when the time is over.
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
