import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { SqlError } from "effect/sql"
import { classifySqlError } from "../database/classifySqlError.ts"
import type { DatabaseUnavailable } from "../database/DatabaseUnavailable.ts"
import { completed } from "../event-log/completed.ts"
import { sliceMoved } from "../event-log/EventLogError.ts"
import { erasedType } from "../event-log/pseudonym.ts"
import type { LogEntry } from "../event-log/RecordedEvent.ts"
import type { UserPlace } from "../event-log/statements/readUsers.ts"
import { requireServed } from "../event-log/statements/servedSlices.ts"
import * as Checkpoints from "../projections/feed/Checkpoints.ts"
import { fedUser, type UserInSlice } from "../projections/feed/FedUser.ts"
import type { FeedSource } from "../projections/feed/feedChunk.ts"
import { feedProjection } from "../projections/feed/feedProjection.ts"
import { foldContexts } from "../projections/feed/foldContexts.ts"
import { fetchInTurn } from "../projections/feed/largePayloads.ts"
import { MostAtOnce } from "../projections/feed/MostAtOnce.ts"
import * as ParkedUsers from "../projections/feed/ParkedUsers.ts"
import { dependsOnWeekStart } from "../projections/fold/dependsOnTimeZone.ts"
import { inWriteOrder, type ProjectionStore } from "../projections/tables/ProjectionStore.ts"
import { lastBeforeNext } from "../projections/versions/feedUserPage.ts"
import { beginSteps } from "../projections/versions/rebuildInSteps.ts"
import { rebuildAtOnce } from "../projections/versions/rebuildUser.ts"
import { compareUtf8 } from "../values/compareUtf8.ts"
import { known } from "../values/known.ts"
import { Position } from "../values/Position.ts"
import { UserId } from "../values/UserId.ts"
import * as TimeZoneMoves from "./TimeZoneMoves.ts"

/** Most users, and about how many events, in one transaction. */
const maxUsers = 200
const maxEvents = 5000
/** The most that is read and folded at a time. */
const page = { events: maxEvents, bytes: 10 * 1024 * 1024 }

/**
 * The users of a tenant in a slice, with how many events they have, as of a position of the slice.
 */
export interface ListedUsers {
  readonly upTo: Position
  readonly events: ReadonlyMap<UserId, number>
}

/**
 * Lists a tenant's users in a slice. Needs no locks: who comes later is found by
 * {@link refoldUsers}.
 */
export const usersToMove = (
  sql: PgClient.PgClient,
  { slice, tenantId }: TimeZoneMoves.TenantSlice
): Effect.Effect<ListedUsers, SqlError.SqlError> =>
  Effect.gen(function*() {
    const [head] = yield* sql<{ position: bigint }>`select position from slice_heads where slice = ${slice}`
    if (head === undefined) return yield* sliceMoved
    const upTo = Position(Number(head.position))
    return { upTo, events: yield* usersBetween(sql, { slice, tenantId }, { after: Position(0), upTo }) }
  })

/** What one step has done: how many users it moved, and whether they were the slice's last. */
interface Moved {
  readonly users: number
  readonly isLast: boolean
}

/**
 * Rebuilds the rows of a tenant's next users in a slice, in the tenant's zone and weeks, in the
 * caller's transaction. It holds the versions' checkpoints of the slice, raises their epochs, and
 * notes that the change has passed these users. A user with more than {@link MostAtOnce} events is
 * alone: this begins the rebuild in steps, and the caller goes on with it after the transaction.
 */
export const refoldUsers = Effect.fnUntraced(function*(
  source: FeedSource,
  stores: ReadonlyArray<ProjectionStore>,
  of: TimeZoneMoves.TenantSlice & { readonly listed: ListedUsers }
) {
  const { listed, slice, tenantId } = of
  const { sql } = source
  const held = yield* Checkpoints.holdAndRaise(sql, stores.map(({ projection }) => projection), slice)
  yield* requireServed(sql, slice)
  const move = yield* TimeZoneMoves.hold(sql, of)
  if (move === undefined) return { users: 0, isLast: true } satisfies Moved

  // Where the days stay as they are, only rows that depend on weeks are rebuilt.
  const positions = new Map(
    inWriteOrder(stores).flatMap((store) => {
      const { name, version } = store.projection
      const checkpoint = held.find((held) => held.projection === name && held.version === version)
      const isMoved = move.isOfZone || dependsOnWeekStart(store.projection)
      return checkpoint === undefined || !isMoved ? [] : [[store, checkpoint.position] as const]
    })
  )
  const end = Math.max(0, ...positions.values())
  const newcomers = yield* usersBetween(sql, of, { after: listed.upTo, upTo: Position(end) })
  const left = [...new Map([...newcomers, ...listed.events])].filter(([userId]) => compareUtf8(userId, move.movedUpTo) > 0)
  left.sort(([a], [b]) => compareUtf8(a, b))
  let events = 0
  const userIds: Array<UserId> = []
  for (const [userId, count] of left.slice(0, maxUsers)) {
    if (userIds.length > 0 && events + count > maxEvents) break
    events += count
    userIds.push(userId)
  }
  const isLast = userIds.length === left.length
  yield* isLast ? TimeZoneMoves.endSlice(sql, of) : TimeZoneMoves.passUser(sql, of, known(userIds.at(-1), "a user of the slice who moves"))

  // A user who was parked before keeps the rows of before, which are stale anyway.
  const parked = yield* ParkedUsers.idsIn(sql, [slice])
  const users = userIds.map((userId) => ({ tenantId, userId, slice }))
  const ofStores = [...positions].map(([store, upTo]) => ({
    store,
    upTo,
    users: users.filter((user) => !parked.has(ParkedUsers.parkedId(store.projection, user)))
  }))
  if (events > (yield* MostAtOnce) && userIds.length === 1) {
    yield* Effect.forEach(ofStores, ({ store, users }) => Effect.forEach(users, (user) => beginSteps(sql, store.projection, user)), {
      discard: true
    })
    return { users: 1, isLast } satisfies Moved
  }
  yield* sql.withTransaction(remakeTogether(source, ofStores)).pipe(
    Effect.catch((error) =>
      error._tag === "SqlError" && classifySqlError(error)._tag === "Transient"
        ? Effect.fail(error)
        // One by one: a user who cannot be folded in this zone is parked with the rows of before,
        // and nobody else.
        : Effect.forEach(ofStores, ({ store, users }) => Effect.forEach(users, (user) => rebuildAtOnce(source, store, user)), {
          discard: true
        })
    )
  )
  return { users: userIds.length, isLast } satisfies Moved
}) satisfies (...args: never) => Effect.Effect<Moved, SqlError.SqlError | DatabaseUnavailable>

interface StoreUsers {
  readonly store: ProjectionStore
  /** The position of the version's checkpoint. */
  readonly upTo: Position
  readonly users: ReadonlyArray<UserInSlice>
}

/** Somebody's events could not be folded: nothing of what was done together may stay. */
class SomebodyParked extends Schema.TaggedError<SomebodyParked>("playtally/projections/SomebodyParked")("SomebodyParked", {}) {}

/**
 * Removes the users' rows and folds their events again, all users and versions from one reading.
 */
const remakeTogether = Effect.fnUntraced(function*({ log, sql }: FeedSource, stores: ReadonlyArray<StoreUsers>) {
  const users = new Map(stores.flatMap(({ users }) => users.map((user) => [user.userId, user] as const)))
  const [first] = users.values()
  if (first === undefined) return
  for (const { store, users } of stores) if (users.length > 0) yield* store.remove(users)

  const contextOf = yield* foldContexts(sql, [first])
  const part = {
    tenantId: first.tenantId,
    userIds: [...users.keys()],
    types: [...new Set(stores.flatMap(({ store }) => store.projection.events))],
    upTo: Position(Math.max(...stores.map(({ upTo }) => upTo)))
  }
  const before = (yield* ParkedUsers.idsIn(sql, [first.slice])).size
  for (let after: UserPlace | undefined = { userId: UserId(""), position: Position(0) }; after !== undefined;) {
    const place: UserPlace = after
    after = yield* Effect.scoped(Effect.gen(function*() {
      const looked = yield* log.lookAtUsers(part, place, page)
      const { entries } = yield* completed(looked, fetchInTurn(log, page.bytes, yield* Effect.scope))
      const byUser = new Map<UserId, Array<LogEntry>>()
      for (const entry of entries) {
        const known = byUser.get(entry.userId)
        if (known === undefined) byUser.set(entry.userId, [entry])
        else known.push(entry)
      }
      for (const { store, upTo, users } of stores) {
        const types = new Set<string>(store.projection.events)
        const fed = users.flatMap((user) => {
          const own = byUser.get(user.userId)?.filter((entry) =>
            entry.position <= upTo && types.has(entry.event?.event ?? ("type" in entry ? entry.type : ""))
          )
          return fedUser(user, own ?? []) ?? []
        })
        if (fed.length > 0) yield* feedProjection(sql, store, { users: fed, contextOf, oneByOne: false, isNew: false })
      }
      return lastBeforeNext(looked, entries, page)
    }))
  }
  if ((yield* ParkedUsers.idsIn(sql, [first.slice])).size > before) return yield* new SomebodyParked()
})

/** The tenant's users who have events in a part of a slice, with how many. */
const usersBetween = (
  sql: PgClient.PgClient,
  { slice, tenantId }: TimeZoneMoves.TenantSlice,
  { after, upTo }: { readonly after: Position; readonly upTo: Position }
): Effect.Effect<ReadonlyMap<UserId, number>, SqlError.SqlError> =>
  upTo <= after ? Effect.succeed(new Map()) : Effect.map(
    sql<{ user_id: UserId; events: number }>`
      select user_id, count(*)::int as events from events
      where slice = ${slice} and position > ${BigInt(after)} and position <= ${
      BigInt(upTo)
    } and tenant_id = ${tenantId}::uuid and event_type <> ${erasedType}
      group by user_id`,
    (rows) => new Map(rows.map((row) => [row.user_id, row.events]))
  )
