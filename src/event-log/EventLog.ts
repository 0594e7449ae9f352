import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { SqlError } from "effect/sql"
import { AppendClient } from "../database/AppendClient.ts"
import { type DatabaseUnavailable, unavailable } from "../database/DatabaseUnavailable.ts"
import { Migrations } from "../database/Migrations.ts"
import type { Position } from "../values/Position.ts"
import { appendEvents } from "./append/appendEvents.ts"
import { AppendMemory } from "./append/AppendMemory.ts"
import { compareKnown, type KnownEvent } from "./compareKnown.ts"
import { completed } from "./completed.ts"
import { EventLogCorrupt, EventLogUnavailable } from "./EventLogError.ts"
import { LogHistories } from "./LogHistories.ts"
import { memoryLog } from "./memoryLog.ts"
import { readUser } from "./readUser.ts"
import type {
  AppendOutcome,
  EventOutcome,
  LogEntry,
  NewEvent,
  ReadBound,
  RecordedEvent,
  SlicePosition,
  UnreadableEvent,
  WithheldEvent
} from "./RecordedEvent.ts"
import { sliceCount } from "./sliceOf.ts"
import { fetchPayloads } from "./statements/fetchPayloads.ts"
import { countSlices, readParts, readSlices } from "./statements/readStatements.ts"
import { type PageRequest, readUserPage, type UserPage } from "./statements/readUserPage.ts"
import { readUserPart, readUsers, type UserPart, type UserPlace, type UsersPart } from "./statements/readUsers.ts"
import { hidingErasures } from "./statements/unfinishedErasures.ts"

export { EventLogCorrupt, EventLogUnavailable }

type Entries<E> = Effect.Effect<ReadonlyArray<E>, SqlError.SqlError>

/**
 * The append-only log (docs/architecture.md#slices-and-positions).
 *
 * What holds at any time, for any number of processes that append:
 *
 * - Positions are dense within a slice (1, 2, 3 …) and committed in order. A reader that asks for
 *   the positions after its last one misses no event.
 * - `recordedAt` never decreases along the positions of a slice.
 * - A key of a user of a tenant is in the log once. Its first event stays, with its content, until
 *   the user is erased.
 *
 * {@link EventLog.layer} is the log on PostgreSQL, {@link EventLog.layerMemory} the same contract
 * in memory. `test/event-log/eventLogContract.ts` holds both to this page.
 *
 * Methods that fail with `SqlError` read in the caller's transaction: what follows from the failure
 * is the caller's matter. `DatabaseUnavailable` is the same at the edge of a request.
 */
export class EventLog extends Context.Service<EventLog, {
  /** The number of writer lanes, which all processes of a database share. */
  readonly laneCount: number
  /**
   * Appends events in order. Answers once all are committed, with one outcome for each, in the
   * order given.
   *
   * - Appended: the event was new. New events of a slice get the next positions, in order.
   * - Duplicate: the user has the key already, with the same content; or what it held was erased.
   * - Conflict: the user has the key already, with other content.
   * - Known: the user has the key already, with content that is too long to be compared here, where
   *   others wait. {@link compare} tells the one from the other.
   * - Refused: the log cannot hold the event, say for a NUL. It has no effect on the others.
   *
   * Of several events with one key the first is appended; the others are compared with what the log
   * holds then. To append the same events again, in any order and in any batches, changes nothing.
   *
   * Fails with {@link EventLogUnavailable} after some seconds of retries: none, some or all of the
   * events are stored then. Fails with {@link EventLogCorrupt} if a position was used twice.
   */
  readonly append: (events: ReadonlyArray<NewEvent>) => Effect.Effect<ReadonlyArray<AppendOutcome>, EventLogUnavailable | EventLogCorrupt>
  /**
   * Tells Duplicates from Conflicts among Known events, in the order given. It locks nothing. Its
   * time and its statements are in proportion to the bytes stored, some MiB at a time.
   *
   * Fails with {@link EventLogUnavailable}: nothing has changed.
   */
  readonly compare: (known: ReadonlyArray<KnownEvent>) => Effect.Effect<ReadonlyArray<EventOutcome>, EventLogUnavailable>
  /**
   * How many events stand among the `limit` positions after each of the given ones, and the
   * position of the last; the given position if there are none.
   */
  readonly count: (
    after: ReadonlyArray<SlicePosition>,
    limit: number
  ) => Effect.Effect<ReadonlyArray<SlicePosition & { readonly events: number }>, SqlError.SqlError>
  /**
   * The events after the given positions, in order of slice and position, without a gap: at most
   * `bound.events` of each slice, erased ones too. A payload that is not small is withheld, for
   * {@link fetch}.
   */
  readonly look: (after: ReadonlyArray<SlicePosition>, bound: ReadBound) => Entries<LogEntry | WithheldEvent>
  /**
   * All events of some types in parts of slices, in order of slice and position. A payload that is
   * not small is withheld.
   */
  readonly lookAtParts: (
    parts: ReadonlyArray<SlicePosition & { readonly upTo: Position }>,
    types: ReadonlyArray<string>,
    bytes: number
  ) => Entries<LogEntry | WithheldEvent>
  /**
   * Some users' events of some types, user by user in the order of their UTF-8 bytes, each in order
   * of position: those that follow a place in this order, at most `bound.events`. A payload that is
   * not small is withheld.
   *
   * Found by the unique key and sorted each time: for users who have some thousand events at most.
   */
  readonly lookAtUsers: (part: UsersPart, after: UserPlace, bound: ReadBound) => Entries<LogEntry | WithheldEvent>
  /**
   * A user's events of some types among the `bound.events` positions of the user's slice after a
   * position. A payload that is not small is withheld. For users who have very many events.
   */
  readonly lookAtUser: (part: UserPart, bound: ReadBound) => Entries<LogEntry | WithheldEvent>
  /**
   * Withheld events with their payloads, in the order given, as many as have `bytes` bytes
   * together: at least the first.
   */
  readonly fetch: (withheld: ReadonlyArray<WithheldEvent>, bytes: number) => Entries<RecordedEvent | UnreadableEvent>
  /**
   * The events after the given positions, in order of slice and position, as many as the bound has,
   * erased and unreadable ones too. If an event has no room, the rest of its slice is left out: so
   * each slice is read without a gap, and one that is behind is read on with the next call.
   */
  readonly read: (after: ReadonlyArray<SlicePosition>, bound: ReadBound) => Entries<LogEntry>
  /**
   * A page of a user's events before a position, newest first, nothing parsed. Bounded in number by
   * the request and in bytes by `pageBytes`, with at least one event.
   *
   * Fails with `DatabaseUnavailable`: asking again is safe.
   */
  readonly readUserPage: (request: PageRequest) => Effect.Effect<UserPage, DatabaseUnavailable>
  /**
   * A user's last events before a position of the user's slice, newest first, all in memory at
   * once: for users with short histories. An event that cannot be decoded is a defect.
   *
   * Fails with `DatabaseUnavailable`: asking again is safe.
   */
  readonly readUser: (
    request: Pick<PageRequest, "tenantId" | "userId" | "before" | "limit">
  ) => Effect.Effect<ReadonlyArray<RecordedEvent>, DatabaseUnavailable>
}>()("playtally/event-log/EventLog") {
  /** The log on PostgreSQL, written through {@link AppendClient}. */
  static readonly layer = Layer.effect(
    EventLog,
    Effect.gen(function*() {
      yield* Migrations
      const sql = yield* PgClient.PgClient
      const writer = yield* AppendClient
      const laneCount = yield* readLaneCount(sql)
      const memory = new AppendMemory(yield* LogHistories)
      const look = (after: ReadonlyArray<SlicePosition>, bound: ReadBound) => hidingErasures(sql, after, readSlices(sql, after, bound))
      const fetch = (withheld: ReadonlyArray<WithheldEvent>, bytes: number) => fetchPayloads(sql, withheld, bytes)
      return EventLog.of({
        laneCount,
        append: (events) => appendEvents(writer, memory, events),
        compare: (known) => Effect.mapError(compareKnown(sql, known), (cause) => new EventLogUnavailable({ cause })),
        count: (after, limit) => countSlices(sql, after, limit),
        look,
        lookAtParts: (parts, types, bytes) => hidingErasures(sql, parts, readParts(sql, parts, types, bytes)),
        lookAtUsers: (part, after, bound) => readUsers(sql, part, after, bound),
        lookAtUser: (part, bound) => readUserPart(sql, part, bound),
        fetch,
        read: readCompleted(look, fetch),
        readUserPage: (request) => unavailable("EventLog.readUserPage")(readUserPage(sql, request)),
        readUser: (request) => unavailable("EventLog.readUser")(readUser((page) => readUserPage(sql, page), request))
      })
    })
  ).pipe(Layer.provide(LogHistories.layer))

  /**
   * The log in memory, empty at first and gone with its layer: for tests of what uses a log. It has
   * one history, and nobody is erased in it.
   */
  static readonly layerMemory = Layer.effect(
    EventLog,
    Effect.map(memoryLog, (log) => {
      const look = (after: ReadonlyArray<SlicePosition>, bound: ReadBound) => Effect.sync(() => log.look(after, bound))
      const fetch = (withheld: ReadonlyArray<WithheldEvent>, bytes: number) => Effect.sync(() => log.fetch(withheld, bytes))
      const readPage = (request: PageRequest) => Effect.sync(() => log.readUserPage(request))
      return EventLog.of({
        laneCount: 2,
        // After its turn, so that appends of several fibers come in any order, as they do
        // elsewhere.
        append: (events) => Effect.andThen(Effect.yieldNow, Effect.sync(() => log.append(events))),
        compare: (known) => Effect.sync(() => log.compare(known)),
        count: (after, limit) => Effect.sync(() => log.count(after, limit)),
        look,
        lookAtParts: (parts, types, bytes) => Effect.sync(() => log.lookAtParts(parts, types, bytes)),
        lookAtUsers: (part, after, bound) => Effect.sync(() => log.lookAtUsers(part, after, bound)),
        lookAtUser: (part, bound) => Effect.sync(() => log.lookAtUser(part, bound)),
        fetch,
        read: readCompleted(look, fetch),
        readUserPage: readPage,
        readUser: (request) => readUser(readPage, request)
      })
    })
  )
}

/** `EventLog.read`: half of the bytes are for small payloads, half for those that are fetched. */
const readCompleted =
  (look: EventLog["Service"]["look"], fetch: EventLog["Service"]["fetch"]): EventLog["Service"]["read"] => (after, bound) =>
    Effect.flatMap(
      look(after, bound),
      (looked) => Effect.map(completed(looked, (withheld) => fetch(withheld, bound.bytes >> 1)), ({ entries }) => entries)
    )

/** The lane count of the database. A database of another slice count is none of this release's. */
const readLaneCount = Effect.fnUntraced(function*(sql: PgClient.PgClient) {
  const [format] = yield* sql<{ slice_count: number; lane_count: number }>`select slice_count, lane_count from log_format`
  if (format === undefined || format.slice_count !== sliceCount) {
    return yield* new EventLogCorrupt({ message: `The database was made for ${format?.slice_count} slices, this code for ${sliceCount}.` })
  }
  return format.lane_count
})
