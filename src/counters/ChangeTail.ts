import type { PgClient } from "@effect/sql-pg"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type { SqlError } from "effect/sql"
import { tenantsWithin } from "../event-log/positionRanges.ts"
import type { ProjectionRunner } from "../projections/ProjectionRunner.ts"
import type { Tenant } from "../tenants/Tenant.ts"
import { eventsIn, furthest, rangesBetween, type SliceVector, vectorOf } from "./SliceVector.ts"

/** How far the projections have come, as of one look; the steps of a process are a chain. */
interface Step {
  readonly upTo: SliceVector
  /** Whose events are between the step before and this one; undefined if there are too many to tell. */
  readonly tenants: ReadonlySet<string> | undefined
  readonly next: Deferred.Deferred<Step>
}

/** How often to look for chunks that other processes have fed. */
const poll = "250 millis"
/** Most events between two steps whose tenants are looked at. */
const maxEvents = 20_000

/** Follows the end of the log for all who wait there. */
export interface ChangeTail {
  /**
   * The next place up to which there may be events of the tenant after `place()`. Meanwhile `passed` is told of places up to which there are none, so
   * that nothing of other tenants' events has to be read again by whoever stops waiting.
   */
  readonly next: (tenant: Tenant, place: () => SliceVector, passed: (place: SliceVector) => void) => Effect.Effect<SliceVector>
}

/**
 * Looks where the projections have come after each chunk they are fed, once for everybody who waits, however many these are and of how many tenants.
 * Nobody waits, nobody looks.
 */
export const makeChangeTail = Effect.fnUntraced(function*(
  sql: PgClient.PgClient,
  reached: Effect.Effect<SliceVector, SqlError.SqlError>,
  runner: ProjectionRunner["Service"]
) {
  let last: Step = { upTo: vectorOf([]), tenants: undefined, next: Deferred.makeUnsafe() }
  let waiting = 0
  const awaited = Latch.makeUnsafe(false)

  const look = Effect.gen(function*() {
    // It never goes back, not even over an activation.
    const upTo = furthest(last.upTo, yield* reached)
    const ranges = rangesBetween(last.upTo, upTo)
    if (ranges.length === 0) return
    const tenants = eventsIn(ranges) > maxEvents ? undefined : yield* tenantsWithin(sql, ranges)
    const step: Step = { upTo, tenants, next: Deferred.makeUnsafe() }
    Deferred.doneUnsafe(last.next, Effect.succeed(step))
    last = step
  })
  const follow = Effect.gen(function*() {
    yield* awaited.await
    const nextChunk = runner.nextChunk()
    // Who waits hears nothing while the database is away, and is answered when the time is over.
    yield* Effect.ignore(look)
    yield* Effect.timeoutOption(nextChunk, poll)
  })
  yield* Effect.forkScoped(Effect.forever(follow))

  const next = Effect.fnUntraced(function*(tenant: Tenant, place: () => SliceVector, passed: (place: SliceVector) => void) {
    for (let step = last; rangesBetween(place(), step.upTo).length === 0;) {
      step = yield* Deferred.await(step.next)
      if (step.tenants === undefined || step.tenants.has(tenant.tenantId)) return step.upTo
      passed(furthest(place(), step.upTo))
    }
    return last.upTo
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
