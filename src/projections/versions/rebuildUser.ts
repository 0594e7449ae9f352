import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { SqlError } from "effect/sql"
import { completed } from "../../event-log/completed.ts"
import type { EventLog } from "../../event-log/EventLog.ts"
import type { ReadBound } from "../../event-log/RecordedEvent.ts"
import { sliceOf } from "../../event-log/sliceOf.ts"
import { hasMoreThan } from "../../event-log/statements/readUsers.ts"
import { eventsOf } from "../feed/eventsOf.ts"
import { feedProjection } from "../feed/feedChunk.ts"
import { foldContexts } from "../feed/foldContexts.ts"
import { addUserGeneration } from "../feed/generations.ts"
import { fetchInTurn } from "../feed/largePayloads.ts"
import { MostAtOnce } from "../feed/MostAtOnce.ts"
import { notePark } from "../feed/parkedUsers.ts"
import type { ProjectionStore, UserRef } from "../tables/ProjectionStore.ts"
import { beginSteps, isInSteps, rebuildInSteps } from "./rebuildInSteps.ts"

/** The most of a user's events that is read and folded at a time. */
const page: ReadBound = { events: 5000, bytes: 10 * 1024 * 1024 }

/**
 * Rebuilds one user's rows of a version from the user's events, while everything else goes on. The
 * epoch of the slice's checkpoint is raised. A parked user is taken back. If an event cannot be
 * folded, the user is parked and false comes back.
 *
 * A user with up to {@link MostAtOnce} events is rebuilt in one transaction, under the checkpoint
 * of the user's slice and up to its position, so that the feed continues where this ends. If the
 * fold fails, the rows stay what they were.
 *
 * A user with more events is rebuilt in steps, and is parked meanwhile: see {@link rebuildInSteps}.
 * A call that finds steps under way goes on with them.
 */
export const rebuildUser = (
  sql: PgClient.PgClient,
  log: EventLog["Service"],
  store: ProjectionStore,
  user: UserRef
): Effect.Effect<boolean, SqlError.SqlError> =>
  Effect.gen(function*() {
    if (!(yield* isInSteps(sql, store, user))) {
      const tell = addUserGeneration(sql, store.projection, user)
      if (!(yield* hasMoreThan(sql, user, yield* MostAtOnce))) {
        return yield* sql.withTransaction(Effect.tap(rebuildAtOnce(sql, log, store, user), () => tell))
      }
      yield* sql.withTransaction(Effect.andThen(beginSteps(sql, store, user), tell))
    }
    return yield* rebuildInSteps(sql, log, store, user)
  })

/** The same in one transaction, or in the caller's. */
export const rebuildAtOnce = (
  sql: PgClient.PgClient,
  log: EventLog["Service"],
  store: ProjectionStore,
  user: UserRef
): Effect.Effect<boolean, SqlError.SqlError> =>
  sql.withTransaction(Effect.gen(function*() {
    const { events: types, name, version } = store.projection
    const slice = sliceOf(user.tenantId, user.userId)
    const [checkpoint] = yield* sql<{ position: bigint }>`
      update checkpoints set epoch = epoch + 1 where slice = ${slice} and projection = ${name} and version = ${version} returning position`
    const upTo = Number(checkpoint?.position ?? 0)
    const contextOf = yield* foldContexts(sql, [{ ...user, slice }])

    const remake = Effect.gen(function*() {
      yield* store.remove([user])
      yield* sql`
        delete from parked_users
        where projection = ${name} and version = ${version} and tenant_id = ${user.tenantId}::uuid and user_id = ${user.userId}`
      for (let position = 0;;) {
        const next = yield* Effect.scoped(Effect.gen(function*() {
          const part = { tenantId: user.tenantId, userIds: [user.userId], types, upTo }
          const looked = yield* log.lookAtUsers(part, { userId: user.userId, position }, page)
          const { entries } = yield* completed(looked, fetchInTurn(log, page.bytes, yield* Effect.scope))
          const read = eventsOf({ ...user, slice }, entries)
          if (read !== undefined) {
            yield* feedProjection({ sql, log, stores: [store], bound: page }, store, [read], contextOf, { oneByOne: true, isNew: false })
          }
          const last = entries.at(-1)
          return last === undefined || (looked.length < page.events && entries.length === looked.length) ? undefined : last.position
        }))
        const [parked] = yield* sql<{ error: string; position: bigint }>`
          select error, position from parked_users
          where projection = ${name} and version = ${version} and tenant_id = ${user.tenantId}::uuid and user_id = ${user.userId}`
        if (parked !== undefined) return yield* new FoldFailed({ error: parked.error, position: Number(parked.position) })
        if (next === undefined) return true
        position = next
      }
    })
    return yield* sql.withTransaction(remake).pipe(
      Effect.catchTag("FoldFailed", ({ error, position }) =>
        Effect.as(notePark(sql, { projection: name, version, ...user, slice, position, error }), false))
    )
  }))

/** Undoes what has been remade so far. */
class FoldFailed extends Schema.TaggedError<FoldFailed>("playtally/projections/FoldFailed")("FoldFailed", {
  error: Schema.String,
  position: Schema.Number
}) {}
