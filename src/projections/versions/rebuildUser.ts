import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { SqlError } from "effect/sql"
import type { ReadBound } from "../../event-log/RecordedEvent.ts"
import { sliceOf } from "../../event-log/sliceOf.ts"
import { hasMoreThan } from "../../event-log/statements/readUsers.ts"
import { requireServed } from "../../event-log/statements/servedSlices.ts"
import { Position } from "../../values/Position.ts"
import * as Checkpoints from "../feed/Checkpoints.ts"
import type { FeedSource } from "../feed/feedChunk.ts"
import { foldContexts } from "../feed/foldContexts.ts"
import { addUserGeneration } from "../feed/generations.ts"
import { MostAtOnce } from "../feed/MostAtOnce.ts"
import * as ParkedUsers from "../feed/ParkedUsers.ts"
import type { ProjectionStore, UserRef } from "../tables/ProjectionStore.ts"
import { feedUserPage, lastBeforeNext } from "./feedUserPage.ts"
import { beginSteps, rebuildInSteps } from "./rebuildInSteps.ts"

/** The most of a user's events that is read and folded at a time. */
const page: ReadBound = { events: 5000, bytes: 10 * 1024 * 1024 }

/**
 * Rebuilds one user's rows of a version from the user's events, while everything else goes on. The
 * epoch of the slice's checkpoint is raised. A parked user is taken back. False comes back where an
 * event cannot be folded: the user is parked.
 *
 * A user with up to {@link MostAtOnce} events is rebuilt in one transaction. It holds the
 * checkpoint of the user's slice and folds up to its position, so the feed continues where this
 * ends. If the fold fails, the rows stay as they were.
 *
 * A user with more events is rebuilt in steps, and is parked meanwhile: see {@link rebuildInSteps}.
 * A call that finds steps under way goes on with them.
 */
export const rebuildUser = (source: FeedSource, store: ProjectionStore, user: UserRef): Effect.Effect<boolean, SqlError.SqlError> =>
  Effect.gen(function*() {
    const { sql } = source
    const steps = yield* ParkedUsers.stepsOf(sql, store.projection, user)
    if (steps === undefined || steps === "NoSteps") {
      const tell = addUserGeneration(sql, store.projection, user)
      if (!(yield* hasMoreThan(sql, user, yield* MostAtOnce))) {
        return yield* sql.withTransaction(Effect.tap(rebuildAtOnce(source, store, user), () => tell))
      }
      yield* sql.withTransaction(Effect.andThen(beginSteps(sql, store.projection, user), tell))
    }
    return yield* rebuildInSteps(source, store, user)
  })

/** Rebuilds one user's rows in one transaction, or in the caller's. Readers are not told. */
export const rebuildAtOnce = (source: FeedSource, store: ProjectionStore, user: UserRef): Effect.Effect<boolean, SqlError.SqlError> => {
  const { log, sql } = source
  const { projection } = store
  const { events: types, name, version } = projection
  return sql.withTransaction(Effect.gen(function*() {
    const slice = sliceOf(user.tenantId, user.userId)
    // A version that was removed has no checkpoint. No event is folded then, and the rows' table is
    // gone.
    const fed = yield* Checkpoints.raiseEpoch(sql, projection, slice)
    if (fed === undefined) yield* requireServed(sql, slice)
    const upTo = fed ?? Position(0)
    const contextOf = yield* foldContexts(sql, [{ ...user, slice }])

    const remake = Effect.gen(function*() {
      yield* store.remove([user])
      yield* ParkedUsers.remove(sql, projection, user)
      for (let position = Position(0);;) {
        const part = { tenantId: user.tenantId, userIds: [user.userId], types, upTo }
        const looked = yield* log.lookAtUsers(part, { userId: user.userId, position }, page)
        const { entries } = yield* feedUserPage(source, store, { user: { ...user, slice }, looked, bound: page, contextOf })
        const parked = yield* ParkedUsers.find(sql, projection, user)
        if (parked !== undefined) return yield* new FoldFailed(parked)
        const last = lastBeforeNext(looked, entries, page)
        if (last === undefined) return true
        position = last.position
      }
    })
    return yield* sql.withTransaction(remake).pipe(
      Effect.catchTag(
        "FoldFailed",
        ({ error, position }) =>
          Effect.as(ParkedUsers.note(sql, { projection: name, version, ...user, slice, position: Position(position), error }), false)
      )
    )
  }))
}

/** An event could not be folded: what has been remade so far is undone. */
class FoldFailed extends Schema.TaggedError<FoldFailed>("playtally/projections/FoldFailed")("FoldFailed", {
  error: Schema.String,
  position: Schema.Number
}) {}
