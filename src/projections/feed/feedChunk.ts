import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { classifySqlError } from "../../database/classifySqlError.ts"
import type { EventLog } from "../../event-log/EventLog.ts"
import type { LogEntry, ReadBound, RecordedEvent, UnreadableEvent } from "../../event-log/RecordedEvent.ts"
import type { FastTrackEvent } from "../../fasttrack/FastTrackEvent.ts"
import { Position } from "../../values/Position.ts"
import type { Slice } from "../../values/Slice.ts"
import type { AnyProjection } from "../projection/Projection.ts"
import { inWriteOrder, ownerId, type ProjectionStore } from "../tables/ProjectionStore.ts"
import type { Caution } from "./Caution.ts"
import * as Checkpoints from "./Checkpoints.ts"
import type { FedUser, UserInSlice } from "./FedUser.ts"
import { feedProjection } from "./feedProjection.ts"
import { foldContexts } from "./foldContexts.ts"
import { fetchInTurn } from "./largePayloads.ts"
import * as ParkedUsers from "./ParkedUsers.ts"
import { type LogGap, readChunk } from "./readChunk.ts"

/**
 * Where rows are made: the log that the events are read from, and the database that has the rows.
 */
export interface FeedSource {
  readonly sql: PgClient.PgClient
  readonly log: EventLog["Service"]
}

/** What is fed, and how much at a time. */
export interface Feed extends FeedSource {
  readonly stores: ReadonlyArray<ProjectionStore>
  /** The most in one transaction: fewer events where payloads are large. */
  readonly bound: ReadBound
  /** How careful the feed is with its memory; not at all if it is left out. */
  readonly caution?: Caution
}

/** How a chunk went. */
export interface FedChunk {
  /** How many events were read. */
  readonly events: number
  /** The slices whose checkpoints were advanced. */
  readonly reached: ReadonlyArray<number>
  /** The slices that may have more events. */
  readonly more: ReadonlyArray<Slice>
  /** The slices that wait, because a position is missing. */
  readonly gaps: ReadonlyArray<LogGap>
}

/**
 * Feeds a chunk. If the database refuses it for its data, it is fed again with a savepoint for each
 * user.
 */
export const feedIsolating = (feed: Feed, slices: ReadonlyArray<Slice>): Effect.Effect<FedChunk, SqlError.SqlError> =>
  feedChunk(feed, slices).pipe(
    Effect.catchTag(
      "SqlError",
      (error) => classifySqlError(error)._tag === "Transient" ? Effect.fail(error) : feedChunk(feed, slices, { oneByOne: true })
    )
  )

/**
 * Feeds the next events of some slices to every projection, in one transaction
 * (docs/architecture.md#the-feed). It takes the checkpoints, without those that another process
 * holds. It reads the log after them, makes sure that no position is missing, and folds. It writes
 * the rows and advances the checkpoints. The next transaction that takes a checkpoint sees exactly
 * these rows, so each event counts once, whichever process dies in between.
 *
 * An event that cannot be read parks its user, and the chunk goes on with everybody else.
 *
 * With `oneByOne` each user's rows are looked up and written in a savepoint: a user whose rows the
 * database refuses is parked, and nobody else waits.
 */
export const feedChunk = (
  feed: Feed,
  slices: ReadonlyArray<Slice>,
  { oneByOne }: { readonly oneByOne: boolean } = { oneByOne: false }
): Effect.Effect<FedChunk, SqlError.SqlError> =>
  feed.sql.withTransaction(
    Effect.gen(function*() {
      const { log, sql, stores } = feed
      const checkpoints = yield* Checkpoints.take(sql, stores.map(({ projection }) => projection), slices)
      const positions = new Map<Slice, Position>()
      for (const { position, slice } of checkpoints) positions.set(slice, Position(Math.min(position, positions.get(slice) ?? position)))
      const { bytes } = feed.bound
      const bound = { events: Math.max(1, Math.ceil(feed.bound.events / Math.max(1, positions.size))), bytes }
      const types = new Set(stores.flatMap(({ projection }) => projection.events))
      const fetch = fetchInTurn(log, bytes, yield* Effect.scope)
      const { events, gaps, more, reached } = yield* readChunk({ log, fetch, caution: feed.caution }, positions, bound, types)
      if (reached.size === 0) return { events: 0, reached: [], more, gaps }

      const parked = yield* ParkedUsers.idsIn(sql, [...reached.keys()])
      const everybody = groupByUser(events)
      const contextOf = yield* foldContexts(sql, everybody)
      const moved: Array<Checkpoints.Checkpoint> = []
      for (const store of inWriteOrder(stores)) {
        const { name, version } = store.projection
        const own = new Map<Slice, Position>()
        for (const checkpoint of checkpoints) {
          if (checkpoint.projection !== name || checkpoint.version !== version) continue
          own.set(checkpoint.slice, checkpoint.position)
          const position = reached.get(checkpoint.slice) ?? Position(0)
          if (position > checkpoint.position) moved.push({ ...checkpoint, position })
        }
        const users = newTo(store.projection, everybody, own, parked)
        // Rows are made of the events up to the checkpoint, so there are none before the first
        // event.
        const isNew = [...own.values()].every((position) => position === 0)
        if (users.length > 0) yield* feedProjection(sql, store, { users, contextOf, oneByOne, isNew })
      }
      yield* Checkpoints.advance(sql, moved)
      const read = [...reached].reduce((sum, [slice, position]) => sum + position - (positions.get(slice) ?? 0), 0)
      return { events: read, reached: [...reached.keys()], more, gaps }
    }).pipe(Effect.scoped)
  )

/** A user with what a chunk has read of the user. */
interface ReadUser extends UserInSlice {
  readonly events: Array<RecordedEvent | UnreadableEvent>
}

const groupByUser = (events: ReadonlyArray<LogEntry>): ReadonlyArray<ReadUser> => {
  const users = new Map<string, ReadUser>()
  for (const event of events) {
    // Nothing to fold, and no gap either.
    if (event.event === null && event.unreadable === undefined) continue
    const id = ownerId(event)
    const user = users.get(id)
    if (user === undefined) users.set(id, { slice: event.slice, tenantId: event.tenantId, userId: event.userId, events: [event] })
    else user.events.push(event)
  }
  return [...users.values()]
}

/**
 * The users and events that are new to a version: events of its types after its own checkpoints, of
 * users who are not parked in it.
 */
const newTo = (
  projection: AnyProjection,
  users: ReadonlyArray<ReadUser>,
  checkpoints: ReadonlyMap<Slice, Position>,
  parked: ReadonlySet<string>
): ReadonlyArray<FedUser> => {
  const types = new Set<string>(projection.events)
  const fed: Array<FedUser> = []
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
    if (parked.size > 0 && parked.has(ParkedUsers.parkedId(projection, user))) continue
    fed.push({ slice, tenantId, userId, position: Position(first), events, unreadable })
  }
  return fed
}
