import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { SqlError } from "effect/sql"
import type { DatabaseUnavailable } from "../database/DatabaseUnavailable.ts"
import type { EventLog } from "../event-log/EventLog.ts"
import { sliceOf } from "../event-log/sliceOf.ts"
import { feedProjection } from "./feedChunk.ts"
import { foldContexts } from "./foldContexts.ts"
import { notePark } from "./parkedUsers.ts"
import type { Owner, ProjectionStore } from "./ProjectionStore.ts"

/** Events of the user read and folded at a time. */
const page = 5000

/**
 * Makes one user's rows of a version anew from the user's events, while everything else goes on: under the checkpoint of the user's slice, up to its
 * position, so that the feed continues where this ends; its epoch is raised. A parked user is taken back. If the fold fails, the rows stay what they
 * were, the user is parked, and false comes back.
 */
export const rebuildUser = (
  sql: PgClient.PgClient,
  log: EventLog["Service"],
  store: ProjectionStore,
  user: Owner
): Effect.Effect<boolean, SqlError.SqlError | DatabaseUnavailable> =>
  sql.withTransaction(Effect.gen(function*() {
    const { events: types, name, version } = store.projection
    const slice = sliceOf(user.tenantId, user.userId)
    const [checkpoint] = yield* sql<{ position: bigint }>`
      update checkpoints set epoch = epoch + 1 where slice = ${slice} and projection = ${name} and version = ${version} returning position`
    const next = Number(checkpoint?.position ?? 0) + 1
    const feed = { sql, log, stores: [store], maxEvents: page }

    const contextOf = yield* foldContexts(sql, [{ ...user, slice }])

    const remake = Effect.gen(function*() {
      yield* store.remove([user])
      yield* sql`
        delete from parked_users
        where projection = ${name} and version = ${version} and tenant_id = ${user.tenantId}::uuid and user_id = ${user.userId}`
      for (let before = next;;) {
        const read = yield* log.readUser(user.tenantId, user.userId, before, page)
        const own = read.filter(({ event }) => (types as ReadonlyArray<string>).includes(event.event)).toReversed()
        const [first] = own
        if (first !== undefined) {
          const events = own.map(({ event }) => event)
          yield* feedProjection(feed, store, [{ ...user, slice, position: first.position, events }], contextOf, {
            oneByOne: true,
            isNew: false
          })
        }
        const [parked] = yield* sql<{ error: string }>`
          select error from parked_users
          where projection = ${name} and version = ${version} and tenant_id = ${user.tenantId}::uuid and user_id = ${user.userId}`
        if (parked !== undefined) return yield* new FoldFailed(parked)
        if (read.length < page) return true
        before = read.at(-1)?.position ?? 0
      }
    })
    return yield* sql.withTransaction(remake).pipe(
      Effect.catchTag("FoldFailed", ({ error }) =>
        Effect.as(notePark(sql, { projection: name, version, ...user, slice, position: next, error }), false))
    )
  }))

/** Undoes what has been remade so far. */
class FoldFailed extends Schema.TaggedError<FoldFailed>("playtally/projections/FoldFailed")("FoldFailed", { error: Schema.String }) {}
