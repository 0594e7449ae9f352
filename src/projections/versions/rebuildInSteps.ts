import type { PgClient } from "@effect/sql-pg"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { SqlError } from "effect/sql"
import { classifySqlError } from "../../database/classifySqlError.ts"
import type { ReadBound } from "../../event-log/RecordedEvent.ts"
import { sliceOf } from "../../event-log/sliceOf.ts"
import { requireServed } from "../../event-log/statements/servedSlices.ts"
import * as Checkpoints from "../feed/Checkpoints.ts"
import type { FeedSource } from "../feed/feedChunk.ts"
import { foldContexts } from "../feed/foldContexts.ts"
import { addUserGeneration } from "../feed/generations.ts"
import * as ParkedUsers from "../feed/ParkedUsers.ts"
import type { VersionRef } from "../feed/VersionRef.ts"
import type { ProjectionStore, UserRef } from "../tables/ProjectionStore.ts"
import { feedUserPage } from "./feedUserPage.ts"

/**
 * The positions of the slice that one step goes through, and the payloads that it reads at most.
 */
export const StepBound = Context.Reference<ReadBound>("playtally/projections/StepBound", {
  defaultValue: () => ({ events: 20_000, bytes: 20 * 1024 * 1024 })
})
/** The rows that one step removes at most. */
const rowsRemoved = 20_000

/**
 * The pause after a step is as long as the step took, within these milliseconds: the feed of the
 * slice has the checkpoint then.
 */
const pause = { least: 20, most: 500 }

/**
 * Parks a user for a rebuild in steps, in the caller's transaction, which holds the checkpoint from
 * then on. Its epoch is raised.
 */
export const beginSteps = Effect.fnUntraced(function*(sql: PgClient.PgClient, version: VersionRef, user: UserRef) {
  yield* Checkpoints.raiseEpoch(sql, version, sliceOf(user.tenantId, user.userId))
  yield* ParkedUsers.beginSteps(sql, version, user)
})

type Step = "GoesOn" | "Done" | "Parked"

/**
 * Rebuilds the rows of a user with very many events, from where the last step ended.
 *
 * Each step is a transaction of its own, with as much memory as a chunk of the feed. It holds the
 * checkpoint of the user's slice. A pause follows, in which others of the slice are fed. The user
 * is parked meanwhile: the feed leaves the user out, and readers are told that the section is
 * stale. The last step goes up to the checkpoint's position and takes the user back.
 *
 * Several callers at once take steps in turn, and all end with the last step. Each step notes what
 * the folds know of the tenant. If that changes, the rows are rebuilt from the start. False comes
 * back where an event cannot be folded: the user stays parked with the rows of what comes before.
 */
export const rebuildInSteps = (source: FeedSource, store: ProjectionStore, user: UserRef): Effect.Effect<boolean, SqlError.SqlError> =>
  Effect.gen(function*() {
    for (;;) {
      const started = yield* Clock.currentTimeMillis
      const outcome = yield* takeStep(source, store, user).pipe(
        Effect.retry({
          while: (error) => classifySqlError(error)._tag === "Transient",
          schedule: Schedule.spaced("200 millis").pipe(Schedule.upTo({ duration: "15 seconds" }))
        })
      )
      if (outcome !== "GoesOn") return outcome === "Done"
      const took = (yield* Clock.currentTimeMillis) - started
      yield* Effect.sleep(Math.min(pause.most, Math.max(pause.least, took)))
    }
  })

const takeStep = (source: FeedSource, store: ProjectionStore, user: UserRef): Effect.Effect<Step, SqlError.SqlError> => {
  const { log, sql } = source
  const { projection } = store
  return sql.withTransaction(Effect.gen(function*() {
    const slice = sliceOf(user.tenantId, user.userId)
    // Nobody else writes rows of the slice: no erasure and no other step is under way.
    const [checkpoint] = yield* Checkpoints.hold(sql, [projection], [slice])
    if (checkpoint === undefined) yield* requireServed(sql, slice)
    const soFar = yield* ParkedUsers.stepsOf(sql, projection, user)
    // Another caller took the last step, or the user or the version has gone.
    if (soFar === undefined || checkpoint === undefined) return "Done"
    if (soFar === "NoSteps") return "Parked"

    const contextOf = yield* foldContexts(sql, [{ ...user, slice }])
    const rebuiltIn = JSON.stringify(contextOf({ ...user, slice }))
    const after = soFar.rebuiltIn === rebuiltIn ? soFar.rebuiltTo : 0
    const note = (rebuiltTo: number) => ParkedUsers.noteSteps(sql, projection, { ...user, rebuiltTo, rebuiltIn })
    if (after === 0 && (yield* store.removeSome(user, rowsRemoved)) > 0) {
      yield* note(0)
      return "GoesOn"
    }

    const step = yield* StepBound
    const end = checkpoint.position
    const part = { ...user, slice, types: projection.events, after, upTo: end }
    const looked = yield* log.lookAtUser(part, step)
    // A user who cannot be folded is parked as everybody is; the note of this rebuild would hide
    // it.
    yield* ParkedUsers.remove(sql, projection, user)
    const { cut } = yield* feedUserPage(source, store, { user: { ...user, slice }, looked, bound: step, contextOf })
    const before = cut.get(slice)
    const position = before === undefined ? Math.min(end, after + step.events) : before - 1
    const tell = addUserGeneration(sql, projection, user)
    if ((yield* ParkedUsers.find(sql, projection, user)) !== undefined) {
      yield* tell
      return "Parked"
    }
    if (position < end) {
      yield* note(position)
      return "GoesOn"
    }
    yield* Checkpoints.raiseEpoch(sql, projection, slice)
    yield* tell
    return "Done"
  }))
}
