import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { classifySqlError, sqlState } from "../../database/classifySqlError.ts"
import type { EventLog } from "../../event-log/EventLog.ts"
import type { LogEntry, ReadBound, RecordedEvent, UnreadableEvent } from "../../event-log/RecordedEvent.ts"
import type { FastTrackEvent } from "../../fasttrack/FastTrackEvent.ts"
import type { EntityKey } from "../fold/FoldResult.ts"
import { entityId, foldUser } from "../fold/foldUser.ts"
import type { EntityRow } from "../projection/EntityTable.ts"
import type { AnyProjection } from "../projection/Projection.ts"
import { inWriteOrder, ownerId, type ProjectionStore, type UserChange, type UserRef } from "../tables/ProjectionStore.ts"
import type { Caution } from "./Caution.ts"
import { advance, type Checkpoint, take } from "./checkpoints.ts"
import { type ContextOf, foldContexts } from "./foldContexts.ts"
import { fetchInTurn } from "./largePayloads.ts"
import { park, parkedId, parkedUsers } from "./parkedUsers.ts"
import { type LogGap, readChunk } from "./readChunk.ts"

/** What a feed needs besides the slices. */
export interface Feed {
  readonly sql: PgClient.PgClient
  readonly log: EventLog["Service"]
  readonly stores: ReadonlyArray<ProjectionStore>
  /** The most in one transaction: fewer events where payloads are large. */
  readonly bound: ReadBound
  /** Without it, none. */
  readonly caution?: Caution
}

/**
 * How a chunk went: the events read, their slices, those of which there may be more, and those that
 * stand still because a position is missing.
 */
export interface FedChunk {
  readonly events: number
  readonly reached: ReadonlyArray<number>
  readonly more: ReadonlyArray<number>
  readonly holes: ReadonlyArray<LogGap>
}

/** Feeds a chunk; one that the database refuses for its data is fed again with every user apart. */
export const feedIsolating = (feed: Feed, slices: ReadonlyArray<number>): Effect.Effect<FedChunk, SqlError.SqlError> =>
  feedChunk(feed, slices, false).pipe(
    Effect.catchTag(
      "SqlError",
      (error) => classifySqlError(error)._tag === "Transient" ? Effect.fail(error) : feedChunk(feed, slices, true)
    )
  )

/**
 * Feeds the next events of some slices to every projection, in one transaction
 * (docs/architecture.md#the-feed): takes the checkpoints, skipping those another process holds,
 * reads the log after them, makes sure that it goes on without a hole, folds, writes rows and
 * checkpoints, commits. Whoever takes a checkpoint next sees exactly these rows, so each event
 * counts once, whatever dies in between.
 *
 * An event that cannot be read parks its user, and the chunk goes on with everybody else.
 *
 * `oneByOne` looks up and writes each user's rows in a savepoint of its own: a user whose rows the
 * database refuses is parked, and nobody else is held up.
 */
export const feedChunk = (
  feed: Feed,
  slices: ReadonlyArray<number>,
  oneByOne: boolean
): Effect.Effect<FedChunk, SqlError.SqlError> =>
  feed.sql.withTransaction(
    Effect.gen(function*() {
      const { log, sql, stores } = feed
      const checkpoints = yield* take(sql, stores.map(({ projection }) => projection), slices)
      const positions = new Map<number, number>()
      for (const { position, slice } of checkpoints) positions.set(slice, Math.min(position, positions.get(slice) ?? position))
      const { bytes } = feed.bound
      const bound = { events: Math.max(1, Math.ceil(feed.bound.events / Math.max(1, positions.size))), bytes }
      const types = new Set(stores.flatMap(({ projection }) => projection.events))
      const fetch = fetchInTurn(log, bytes, yield* Effect.scope)
      const { events, holes, more, reached } = yield* readChunk({ log, fetch, caution: feed.caution }, positions, bound, types)
      if (reached.size === 0) return { events: 0, reached: [], more, holes }

      const parked = yield* parkedUsers(sql, [...reached.keys()])
      const everybody = groupByUser(events)
      const contextOf = yield* foldContexts(sql, everybody)
      const moved: Array<Checkpoint> = []
      for (const store of inWriteOrder(stores)) {
        const { name, version } = store.projection
        const own = new Map<number, number>()
        for (const checkpoint of checkpoints) {
          if (checkpoint.projection !== name || checkpoint.version !== version) continue
          own.set(checkpoint.slice, checkpoint.position)
          const position = reached.get(checkpoint.slice) ?? 0
          if (position > checkpoint.position) moved.push({ ...checkpoint, position })
        }
        const users = newTo(store.projection, everybody, own, parked)
        // Rows are made of the events up to the checkpoint, so before the first one there are none.
        const isNew = [...own.values()].every((position) => position === 0)
        if (users.length > 0) yield* feedProjection(feed, store, users, contextOf, { oneByOne, isNew })
      }
      yield* advance(sql, moved)
      const read = [...reached].reduce((sum, [slice, position]) => sum + position - (positions.get(slice) ?? 0), 0)
      return { events: read, reached: [...reached.keys()], more, holes }
    }).pipe(Effect.scoped)
  )

/** Some of a user's events, in order of position. */
export interface UserEvents extends UserRef {
  readonly slice: number
  /** Of the first of them. */
  readonly position: number
  readonly events: Array<FastTrackEvent>
  /** What follows them, if that cannot be read. */
  readonly unreadable?: UnreadableEvent | undefined
}

interface ReadUser extends UserRef {
  readonly slice: number
  readonly events: Array<RecordedEvent | UnreadableEvent>
}

const groupByUser = (events: ReadonlyArray<LogEntry>): ReadonlyArray<ReadUser> => {
  const users = new Map<string, ReadUser>()
  for (const event of events) {
    // Nothing to fold, and no hole either.
    if (event.event === null && event.unreadable === undefined) continue
    const id = ownerId(event)
    const user = users.get(id)
    if (user === undefined) users.set(id, { slice: event.slice, tenantId: event.tenantId, userId: event.userId, events: [event] })
    else user.events.push(event)
  }
  return [...users.values()]
}

/**
 * The users and events that are new to a version: of its types, after its own checkpoints, and of
 * nobody who is parked.
 */
const newTo = (
  projection: AnyProjection,
  users: ReadonlyArray<ReadUser>,
  checkpoints: ReadonlyMap<number, number>,
  parked: ReadonlySet<string>
): ReadonlyArray<UserEvents> => {
  const types = new Set<string>(projection.events)
  const fed: Array<UserEvents> = []
  for (const user of users) {
    const { slice, tenantId, userId } = user
    const checkpoint = checkpoints.get(slice)
    if (checkpoint === undefined) continue
    const events: Array<FastTrackEvent> = []
    let first = 0
    let unreadable: UnreadableEvent | undefined
    for (const logged of user.events) {
      const { event, position } = logged
      if (position <= checkpoint) continue
      if (event === null) {
        if (!types.has(logged.type)) continue
        unreadable = logged
        break
      }
      if (types.has(event.event) && events.push(event) === 1) first = position
    }
    if (events.length === 0 && unreadable === undefined) continue
    if (parked.size > 0 && parked.has(parkedId(projection, user))) continue
    fed.push({ slice, tenantId, userId, position: first, events, unreadable })
  }
  return fed
}

/**
 * How users' events are fed: each user in a savepoint, or all at once; and whether none of them can
 * have a row yet.
 */
interface Feeding {
  readonly oneByOne: boolean
  readonly isNew: boolean
}

/**
 * Folds users' events and writes what comes of it, in the caller's transaction; parks whose fold
 * fails, and whose next event cannot be read.
 */
export const feedProjection = Effect.fnUntraced(function*(
  feed: Feed,
  store: ProjectionStore,
  users: ReadonlyArray<UserEvents>,
  contextOf: ContextOf,
  { isNew, oneByOne }: Feeding
) {
  if (!oneByOne) yield* foldAndWrite(feed, store, users, contextOf, isNew)
  else {
    for (const user of users) {
      yield* feed.sql.withTransaction(foldAndWrite(feed, store, [user], contextOf, isNew)).pipe(
        Effect.catchIf(isOfUser, (error) => parkUser(feed, store, user, error.reason.cause))
      )
    }
  }
  for (const user of users) {
    if (user.unreadable === undefined) continue
    const { position, unreadable } = user.unreadable
    // Whoever could not even fold what comes before stays parked there.
    yield* parkUser(
      feed,
      store,
      { ...user, position },
      `The event at position ${position} of slice ${user.slice} cannot be read: ${unreadable}`
    )
  }
})

const foldAndWrite = Effect.fnUntraced(function*(
  feed: Feed,
  store: ProjectionStore,
  users: ReadonlyArray<UserEvents>,
  contextOf: ContextOf,
  isNew: boolean
) {
  const changes = yield* foldUsers(feed, store, users.filter(({ events }) => events.length > 0), contextOf, isNew)
  yield* store.write(changes, isNew)
})

/**
 * Whether a failure with one user's rows is due to them. Statements that the schema does not fit
 * fail for everybody: nobody is parked for that.
 */
const isOfUser = (error: SqlError.SqlError): boolean =>
  classifySqlError(error)._tag !== "Transient" && !["0A", "42"].includes(sqlState(error)?.slice(0, 2) ?? "")

const parkUser = (feed: Feed, { projection }: ProjectionStore, user: UserEvents, error: unknown) =>
  park(feed.sql, {
    projection: projection.name,
    version: projection.version,
    tenantId: user.tenantId,
    userId: user.userId,
    slice: user.slice,
    // The first event that is not in the rows: those of the chunk before the culprit are left out
    // with it.
    position: user.position,
    error: String(error)
  })

/**
 * About how many events are folded in one go before other chunks get a turn. One user's are never
 * apart.
 */
const stride = 250

const nothingYet = () => null

/**
 * Folds every user's events, loading what the folds ask for until all have what they need; parks
 * those whose fold fails.
 */
const foldUsers = Effect.fnUntraced(function*(
  feed: Feed,
  store: ProjectionStore,
  users: ReadonlyArray<UserEvents>,
  contextOf: ContextOf,
  isNew: boolean
) {
  const changes: Array<UserChange> = []
  const known = new Map<string, EntityRow | null>()
  let waiting = users
  while (waiting.length > 0) {
    const missing: Array<UserRef & { readonly key: EntityKey }> = []
    const again: Array<UserEvents> = []
    let folded = 0
    for (const user of waiting) {
      folded += user.events.length
      if (folded >= stride) {
        folded = 0
        yield* Effect.yieldNow
      }
      const { tenantId, userId } = user
      const prefix = ownerId(user)
      const loaded = isNew ? nothingYet : (key: EntityKey) => known.get(prefix + entityId(key))
      const result = foldUser(store.projection, user.events, loaded, contextOf(user))
      if (result._tag === "Folded") {
        const { entities, recount, totals } = result
        changes.push({ tenantId, userId, entities, totals, recount })
        continue
      }
      if (result._tag === "Failed") {
        yield* parkUser(feed, store, user, result.error)
        continue
      }
      again.push(user)
      for (const key of result.keys) {
        const id = prefix + entityId(key)
        if (known.has(id)) continue
        known.set(id, null)
        missing.push({ tenantId, userId, key })
      }
    }
    if (missing.length > 0) {
      for (const entity of yield* store.load(missing)) {
        const key = store.projection.entities[entity.table]?.key.map((name) => String(entity.row[name])) ?? []
        known.set(ownerId(entity) + entityId([entity.table, ...key]), entity.row)
      }
    }
    waiting = again
  }
  return changes
})
