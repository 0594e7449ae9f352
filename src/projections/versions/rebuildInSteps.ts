import type { PgClient } from "@effect/sql-pg"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { SqlError } from "effect/sql"
import { classifySqlError } from "../../database/classifySqlError.ts"
import { completed } from "../../event-log/completed.ts"
import type { EventLog } from "../../event-log/EventLog.ts"
import type { ReadBound } from "../../event-log/RecordedEvent.ts"
import { sliceOf } from "../../event-log/sliceOf.ts"
import { eventsOf } from "../feed/eventsOf.ts"
import { feedProjection } from "../feed/feedChunk.ts"
import { foldContexts } from "../feed/foldContexts.ts"
import { addUserGeneration } from "../feed/generations.ts"
import { fetchInTurn } from "../feed/largePayloads.ts"
import type { ProjectionStore, UserRef } from "../tables/ProjectionStore.ts"

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
 * Whether the rebuild of a user in steps is under way, in whichever process, or was left by one
 * that has ended.
 */
export const isInSteps = (sql: PgClient.PgClient, { projection: { name, version } }: ProjectionStore, user: UserRef) =>
  Effect.map(
    sql`
      select 1 from parked_users
      where projection = ${name} and version = ${version} and tenant_id = ${user.tenantId}::uuid and user_id = ${user.userId}
        and rebuilt_to is not null`,
    (rows) => rows.length > 0
  )

/** A user whose rebuild in steps was begun and has not ended. */
export interface UserInSteps extends UserRef {
  readonly projection: string
  readonly version: number
}

/** A tenant's users whose rebuild in steps has not ended. */
export const usersInSteps = (sql: PgClient.PgClient, tenantId: string): Effect.Effect<ReadonlyArray<UserInSteps>, SqlError.SqlError> =>
  Effect.map(
    sql<{ projection: string; version: number; user_id: string }>`
      select projection, version, user_id from parked_users where tenant_id = ${tenantId}::uuid and rebuilt_to is not null
      order by slice, user_id, projection, version`,
    (rows) => rows.map(({ projection, user_id, version }) => ({ tenantId, userId: user_id, projection, version }))
  )

/**
 * Parks a user for a rebuild in steps, in the caller's transaction, which takes the checkpoint and
 * raises its epoch.
 */
export const beginSteps = Effect.fnUntraced(
  function*(sql: PgClient.PgClient, { projection: { name, version } }: ProjectionStore, user: UserRef) {
    const slice = sliceOf(user.tenantId, user.userId)
    yield* sql`update checkpoints set epoch = epoch + 1 where slice = ${slice} and projection = ${name} and version = ${version}`
    yield* sql`
    insert into parked_users (projection, version, tenant_id, user_id, slice, position, error, rebuilt_to)
    values (${name}, ${version}, ${user.tenantId}::uuid, ${user.userId}, ${slice}, 1, ${stepsError}, 0)
    on conflict (projection, version, tenant_id, user_id) do update
      set position = 1, error = excluded.error, rebuilt_to = coalesce(parked_users.rebuilt_to, 0)`
  }
)

const stepsError = "The user's rows are rebuilt in steps. If nothing does so any more, `projections unpark` goes on where it stopped."

type Step = "GoesOn" | "Done" | "Parked"

/**
 * Rebuilds the rows of a user with very many events, from where the last step ended: each step is a
 * transaction of its own, with as much memory as a chunk of the feed. It holds the checkpoint of
 * the user's slice, and pauses afterwards, so that others of the slice are fed in between. The user
 * is parked meanwhile: the feed leaves the user out, and readers are told that the section is
 * stale. The last step goes up to the checkpoint's position and takes the user back.
 *
 * Several callers at once take steps in turn, and all of them end with the last step. What the
 * folds know of the tenant is noted: if it changes, the rows are rebuilt from the start. False
 * comes back where an event cannot be folded: the user stays parked with the rows of what comes
 * before.
 */
export const rebuildInSteps = (
  sql: PgClient.PgClient,
  log: EventLog["Service"],
  store: ProjectionStore,
  user: UserRef
): Effect.Effect<boolean, SqlError.SqlError> =>
  Effect.gen(function*() {
    for (;;) {
      const started = yield* Clock.currentTimeMillis
      const outcome = yield* takeStep(sql, log, store, user).pipe(
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

const takeStep = (
  sql: PgClient.PgClient,
  log: EventLog["Service"],
  store: ProjectionStore,
  user: UserRef
): Effect.Effect<Step, SqlError.SqlError> =>
  sql.withTransaction(Effect.gen(function*() {
    const { events: types, name, version } = store.projection
    const slice = sliceOf(user.tenantId, user.userId)
    const ofUser = sql`projection = ${name} and version = ${version} and tenant_id = ${user.tenantId}::uuid and user_id = ${user.userId}`
    // Whoever holds it is the only one to write rows of the slice: no erasure and no other step is
    // under way.
    const [checkpoint] = yield* sql<{ position: bigint }>`
      select position from checkpoints where slice = ${slice} and projection = ${name} and version = ${version} for update`
    const [parked] = yield* sql<{ rebuilt_to: bigint | null; rebuilt_in: string | null }>`
      select rebuilt_to, rebuilt_in from parked_users where ${ofUser}`
    // Another caller took the last step, or the user or the version has gone.
    if (parked === undefined || checkpoint === undefined) return "Done"
    if (parked.rebuilt_to === null) return "Parked"

    const contextOf = yield* foldContexts(sql, [{ ...user, slice }])
    const rebuiltIn = JSON.stringify(contextOf({ ...user, slice }))
    const isAsBefore = parked.rebuilt_in === rebuiltIn
    const after = isAsBefore ? Number(parked.rebuilt_to) : 0
    const note = (position: number) =>
      sql`
        insert into parked_users (projection, version, tenant_id, user_id, slice, position, error, rebuilt_to, rebuilt_in)
        values (${name}, ${version}, ${user.tenantId}::uuid, ${user.userId}, ${slice}, ${BigInt(position + 1)}, ${stepsError},
          ${BigInt(position)}, ${rebuiltIn})
        on conflict (projection, version, tenant_id, user_id) do update
          set position = excluded.position, rebuilt_to = excluded.rebuilt_to, rebuilt_in = excluded.rebuilt_in`
    if (after === 0 && (yield* store.removeSome(user, rowsRemoved)) > 0) {
      yield* note(0)
      return "GoesOn"
    }

    const step = yield* StepBound
    const end = Number(checkpoint.position)
    const part = { ...user, slice, types, after, upTo: end }
    const position = yield* Effect.scoped(Effect.gen(function*() {
      const looked = yield* log.lookAtUser(part, step)
      const { cut, entries } = yield* completed(looked, fetchInTurn(log, step.bytes, yield* Effect.scope))
      // Who cannot be folded is parked as everybody is, which a note of this rebuild would hide.
      yield* sql`delete from parked_users where ${ofUser}`
      const events = eventsOf({ ...user, slice }, entries)
      if (events !== undefined) {
        yield* feedProjection({ sql, log, stores: [store], bound: step }, store, [events], contextOf, { oneByOne: true, isNew: false })
      }
      const before = cut.get(slice)
      return before === undefined ? Math.min(end, after + step.events) : before - 1
    }))
    const tell = addUserGeneration(sql, store.projection, user)
    if ((yield* sql`select 1 from parked_users where ${ofUser}`).length > 0) {
      yield* tell
      return "Parked"
    }
    if (position < end) {
      yield* note(position)
      return "GoesOn"
    }
    yield* sql`update checkpoints set epoch = epoch + 1 where slice = ${slice} and projection = ${name} and version = ${version}`
    yield* tell
    return "Done"
  }))
