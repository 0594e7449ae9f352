import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type { SqlError } from "effect/sql"
import { AppendClient } from "../database/AppendClient.ts"
import { arrayOf } from "../database/arrayOf.ts"
import { classifySqlError } from "../database/classifySqlError.ts"
import { type DatabaseUnavailable, unavailable } from "../database/DatabaseUnavailable.ts"
import { Migrations } from "../database/Migrations.ts"
import { payloadVersion } from "../fasttrack/payload.ts"
import { inSteadyTime } from "../platform/monotonicClock.ts"
import { takeTurns } from "../platform/takeTurns.ts"
import type { Steps } from "../values/steps.ts"
import { compareContent, compareKnown, type KnownEvent } from "./compareKnown.ts"
import { completed } from "./completed.ts"
import { ErasedUsers } from "./ErasedUsers.ts"
import { LogHistories } from "./LogHistories.ts"
import { appendDuration, appendLockWait, appendReruns, appendSize } from "./metrics.ts"
import { erasedVersion } from "./pseudonym.ts"
import { readableEvent } from "./readableEvent.ts"
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
import { anotherServer, type AppendRow, appendStatement, unheardErasures } from "./statements/appendStatement.ts"
import { fetchPayloads } from "./statements/fetchPayloads.ts"
import { countSlices, readParts, readSlices } from "./statements/readStatements.ts"
import { decodeUserEvent, readUserPage, type UserPage, type UserPart } from "./statements/readUserPage.ts"
import { readUserPart, readUsers, type UserPart as SlicePart, type UserPlace, type UsersPart } from "./statements/readUsers.ts"
import { hidingErasures } from "./statements/unfinishedErasures.ts"

/**
 * The log could not be reached in time. Nothing is known of what was asked: asking again is safe.
 */
export class EventLogUnavailable
  extends Schema.TaggedError<EventLogUnavailable>("playtally/event-log/EventLogUnavailable")("EventLogUnavailable", {
    cause: Schema.Defect()
  })
{}

/**
 * The log contradicts itself, say by a position used twice or a hole. Nothing may be written until
 * somebody has looked.
 */
export class EventLogCorrupt extends Schema.TaggedError<EventLogCorrupt>("playtally/event-log/EventLogCorrupt")("EventLogCorrupt", {
  message: Schema.String
}) {}

type Entries<E> = Effect.Effect<ReadonlyArray<E>, SqlError.SqlError>

/**
 * The append-only log (docs/architecture.md#slices-and-positions). Within a slice positions are
 * dense (1, 2, 3 …) and committed in order: a reader of `position > c` in order of position never
 * misses one. Any number of processes may append.
 */
export class EventLog extends Context.Service<EventLog, {
  /** The number of writer lanes all processes on this database share. */
  readonly laneCount: number
  /**
   * Appends in order and gives one outcome per event, in the same order, once all is committed. An
   * event whose key the user already has is not appended again: its content decides between
   * Duplicate and Conflict, and one that was erased is a Duplicate whatever it says. An event the
   * database cannot hold is Refused alone.
   *
   * A stored content that is long is not read here, where others wait: such an event is Known,
   * until {@link compare} has looked.
   */
  readonly append: (events: ReadonlyArray<NewEvent>) => Effect.Effect<ReadonlyArray<AppendOutcome>, EventLogUnavailable | EventLogCorrupt>
  /**
   * Tells Duplicates from Conflicts among Known events, in the order given. It takes time in
   * proportion to what is stored, some megabytes at a time.
   */
  readonly compare: (known: ReadonlyArray<KnownEvent>) => Effect.Effect<ReadonlyArray<EventOutcome>, EventLogUnavailable>
  /**
   * How many events there are among the `limit` positions after each of the given ones, and the
   * position of the last. In the caller's transaction.
   */
  readonly count: (
    after: ReadonlyArray<SlicePosition>,
    limit: number
  ) => Effect.Effect<ReadonlyArray<SlicePosition & { readonly events: number }>, SqlError.SqlError>
  /**
   * The events after the given positions, in order of slice and position, as many as the bound has,
   * erased ones too. Those whose payload is not small are withheld, and to be fetched. In the
   * caller's transaction.
   */
  readonly look: (after: ReadonlyArray<SlicePosition>, bound: ReadBound) => Entries<LogEntry | WithheldEvent>
  /** The same of some types in parts of slices. */
  readonly lookAtParts: (
    parts: ReadonlyArray<SlicePosition & { readonly upTo: number }>,
    types: ReadonlyArray<string>,
    bytes: number
  ) => Entries<LogEntry | WithheldEvent>
  /**
   * Some users' events, user by user and each in order of position, of some types, after a place in
   * that order: as many as the bound has. Served by the unique key, and sorted each time: for users
   * who have some thousand events at most.
   */
  readonly lookAtUsers: (part: UsersPart, after: UserPlace, bound: ReadBound) => Entries<LogEntry | WithheldEvent>
  /**
   * A user's events of some types among as many positions of the user's slice as the bound has. For
   * users who have very many.
   */
  readonly lookAtUser: (part: SlicePart, bound: ReadBound) => Entries<LogEntry | WithheldEvent>
  /**
   * Withheld events, in the order given, until there are so many bytes of payload: at least the
   * first.
   */
  readonly fetch: (withheld: ReadonlyArray<WithheldEvent>, bytes: number) => Entries<RecordedEvent | UnreadableEvent>
  /**
   * The events after the given positions, in order of slice and position, as many as the bound has,
   * erased ones and unreadable ones too. What follows in a slice is left out after an event that
   * has no room, so that each slice is read without a gap. In the caller's transaction.
   */
  readonly read: (after: ReadonlyArray<SlicePosition>, bound: ReadBound) => Entries<LogEntry>
  /** A page of a user's events, newest first, bounded in number and in bytes. */
  readonly readUserPage: (part: UserPart) => Effect.Effect<UserPage, DatabaseUnavailable>
  /**
   * A user's events before `before` (a position in the user's slice), newest first, all in memory
   * at once: for users with short histories.
   */
  readonly readUser: (
    tenantId: string,
    userId: string,
    before: number,
    limit: number
  ) => Effect.Effect<ReadonlyArray<RecordedEvent>, DatabaseUnavailable>
}>()("playtally/event-log/EventLog") {
  static readonly layer = Layer.effect(
    EventLog,
    Effect.gen(function*() {
      yield* Migrations
      const sql = yield* PgClient.PgClient
      const writer = yield* AppendClient
      const laneCount = yield* readFormat(sql)
      const repeats = new RecentRepeats()
      const erased = new ErasedUsers()
      const histories = yield* LogHistories
      const memory: Memory = { repeats, erased, histories, tenantsAreKnownFrom: 0 }
      histories.onNewHistory(() => {
        erased.forget()
        memory.tenantsAreKnownFrom = performance.now() + doubt
        // Senders send again what was lost, and what they were not answered.
        repeats.saw(1)
      })
      const look = (after: ReadonlyArray<SlicePosition>, bound: ReadBound) => hidingErasures(sql, after, readSlices(sql, after, bound))
      return EventLog.of({
        laneCount,
        append: (events) => append(writer, memory, events),
        compare: (known) => Effect.mapError(compareKnown(sql, known), (cause) => new EventLogUnavailable({ cause })),
        count: (after, limit) => countSlices(sql, after, limit),
        look,
        lookAtParts: (parts, types, bytes) => hidingErasures(sql, parts, readParts(sql, parts, types, bytes)),
        lookAtUsers: (part, after, bound) => readUsers(sql, part, after, bound),
        lookAtUser: (part, bound) => readUserPart(sql, part, bound),
        fetch: (withheld, bytes) => fetchPayloads(sql, withheld, bytes),
        read: (after, bound) =>
          Effect.flatMap(
            look(after, bound),
            (looked) =>
              Effect.map(completed(looked, (withheld) => fetchPayloads(sql, withheld, bound.bytes >> 1)), ({ entries }) => entries)
          ),
        readUserPage: (part) => unavailable("EventLog.readUserPage")(readUserPage(sql, part)),
        readUser: (tenantId, userId, before, limit) => unavailable("EventLog.readUser")(readUser(sql, { tenantId, userId, before, limit }))
      })
    })
  ).pipe(Layer.provide(LogHistories.layer))
}

const readUser = Effect.fnUntraced(function*(sql: PgClient.PgClient, part: UserPart) {
  const events: Array<RecordedEvent> = []
  for (let before = part.before;;) {
    const page = yield* readUserPage(sql, { ...part, before, limit: part.limit - events.length, largest: readableEvent })
    for (const stored of page.events) {
      const decoded = decodeUserEvent(part, stored)
      if (Result.isFailure(decoded)) return yield* Effect.die(new Error(`event ${stored.slice}/${stored.position}: ${decoded.failure}`))
      events.push(decoded.success)
    }
    const last = page.events.at(-1)
    if (!page.isMore || last === undefined || events.length === part.limit) return events
    before = last.position
  }
})

const readFormat = Effect.fnUntraced(function*(sql: PgClient.PgClient) {
  const [format] = yield* sql<{ slice_count: number; lane_count: number }>`select slice_count, lane_count from log_format`
  if (format === undefined || format.slice_count !== sliceCount) {
    return yield* new EventLogCorrupt({ message: `The database was made for ${format?.slice_count} slices, this code for ${sliceCount}.` })
  }
  return format.lane_count
})

/** Statements that look keys up after one that met a repeat. */
const wary = 50

/**
 * Whether stored keys are to be expected. A sender that repeats itself repeats much, so after a
 * repeat was met the next statements look keys up; after some of them met none, statements trust
 * again that their events are new, and the unique key tells if they are not.
 */
class RecentRepeats {
  private statements = 0

  get areExpected(): boolean {
    return this.statements > 0
  }

  /** Takes note of how many repeats a statement that looked has met. */
  saw(repeats: number): void {
    this.statements = repeats > 0 ? wary : Math.max(0, this.statements - 1)
  }
}

/**
 * Reruns of one statement after the unique key refused it, before its events are tried in halves.
 */
const maxReruns = 5

/**
 * What a process remembers between appends, for their speed, and the history of the log that all of
 * it is true in.
 */
interface Memory {
  readonly repeats: RecentRepeats
  readonly erased: ErasedUsers
  readonly histories: LogHistories["Service"]
  /**
   * Until then (milliseconds that never go back) events may come whose tenant the database has
   * lost.
   */
  tenantsAreKnownFrom: number
}

/**
 * The milliseconds after the begin of a history for which a request may be under way, or a key be
 * remembered, of a tenant that the database has lost.
 */
const doubt = 60_000

const append = Effect.fnUntraced(function*(sql: PgClient.PgClient, memory: Memory, events: ReadonlyArray<NewEvent>) {
  const outcomes: Array<AppendOutcome> = []
  const { firsts, repeats } = setRepeatsAside(events)
  const stored = yield* write(sql, memory, events, firsts, outcomes)
  if (repeats.length > 0) yield* takeTurns(settleRepeats(events, repeats, outcomes, stored))
  return outcomes
})

/** The first event of each key, and for every other its own index and that of the first. */
const setRepeatsAside = (events: ReadonlyArray<NewEvent>) => {
  const keys = new Set<string>()
  for (const { idempotencyKey } of events) keys.add(idempotencyKey)
  if (keys.size === events.length) return { firsts: events.map((_, index) => index), repeats: [] }
  const seen = new Map<string, number>()
  const firsts: Array<number> = []
  const repeats: Array<readonly [index: number, first: number]> = []
  events.forEach((event, index) => {
    const key = event.idempotencyKey + event.userId
    const first = seen.get(key)
    if (first === undefined) {
      seen.set(key, index)
      firsts.push(index)
    } else {
      repeats.push([index, first])
    }
  })
  return { firsts, repeats }
}

/** Payload characters compared in one go. */
const comparedCharacters = 64 * 1024

function* settleRepeats(
  events: ReadonlyArray<NewEvent>,
  repeats: ReadonlyArray<readonly [index: number, first: number]>,
  outcomes: Array<AppendOutcome>,
  stored: ReadonlyMap<number, AppendRow>
): Steps<void> {
  let compared = 0
  for (const [index, first] of repeats) {
    outcomes[index] = outcomeOfRepeat(events, index, first, outcomes, stored)
    compared += events[index]?.payload.length ?? 0
    if (compared < comparedCharacters) continue
    compared = 0
    yield
  }
}

const outcomeOfStored = (row: AppendRow, event: NewEvent): AppendOutcome => {
  const position = Number(row.position)
  // What an erased event said cannot be compared any more.
  if (row.payload_version === erasedVersion) return { _tag: "Duplicate", position }
  if (row.payload === null) return { _tag: "Known", position }
  return compareContent(event, position, {
    payloadVersion: row.payload_version ?? 0,
    payload: row.payload,
    occurredAt: row.occurred_at?.getTime() ?? Number.NaN
  })
}

/**
 * A repeat is compared with what the log holds under its key: the first of the batch, or what was
 * there before the batch.
 */
const outcomeOfRepeat = (
  events: ReadonlyArray<NewEvent>,
  index: number,
  first: number,
  outcomes: ReadonlyArray<AppendOutcome>,
  stored: ReadonlyMap<number, AppendRow>
): AppendOutcome => {
  const event = events[index]
  const original = events[first]
  const outcome = outcomes[first]
  if (event === undefined || original === undefined || outcome === undefined || outcome._tag === "Refused") {
    return { _tag: "Refused", message: outcome?._tag === "Refused" ? outcome.message : "unknown" }
  }
  const row = stored.get(first)
  if (row !== undefined) return outcomeOfStored(row, event)
  return compareContent(event, outcome.position, { payloadVersion, payload: original.payload, occurredAt: original.occurredAt })
}

/**
 * Writes the events at `indexes` and fills in their outcomes. A statement the unique key refused is
 * run again (it saw a snapshot older than its locks), then in halves; one refused for its data is
 * halved until the culprit stands alone. Returns the stored rows that events met.
 */
const write = (
  sql: PgClient.PgClient,
  memory: Memory,
  events: ReadonlyArray<NewEvent>,
  indexes: ReadonlyArray<number>,
  outcomes: Array<AppendOutcome>
): Effect.Effect<Map<number, AppendRow>, EventLogUnavailable | EventLogCorrupt> =>
  Effect.gen(function*() {
    const batch = indexes.map((index) => events[index]).filter((event) => event !== undefined)
    const halves = () => [indexes.slice(0, indexes.length >> 1), indexes.slice(indexes.length >> 1)]
    const writeHalves = Effect.gen(function*() {
      const stored = new Map<number, AppendRow>()
      for (const half of halves()) {
        for (const [index, row] of yield* write(sql, memory, events, half, outcomes)) stored.set(index, row)
      }
      return stored
    })

    for (let run = 0;; run++) {
      const looksUp = run > 0 || memory.repeats.areExpected
      const result = yield* Effect.result(runStatement(sql, batch, looksUp, memory))
      if (Result.isSuccess(result)) {
        const unheardOf = result.success.find(({ ord }) => ord === unheardErasures)
        if (unheardOf !== undefined) {
          yield* Effect.mapError(memory.erased.load(sql, unheardOf.position), (cause) => new EventLogUnavailable({ cause }))
          continue
        }
        const stored = yield* takeTurns(settle(result.success, batch, indexes, outcomes, memory.histories))
        if (looksUp || stored.size > 0) memory.repeats.saw(stored.size)
        return stored
      }
      if (result.failure._tag === "EventLogUnavailable") return yield* result.failure
      const failure = classifySqlError(result.failure)
      if (failure._tag === "UniqueViolation" && failure.constraint === "events_idempotency_key") {
        yield* Metric.update(appendReruns, 1)
        if (run < maxReruns) continue
        if (indexes.length > 1) return yield* writeHalves
      } else if (failure._tag === "UniqueViolation") {
        return yield* new EventLogCorrupt({ message: `A position was used twice (${failure.constraint}): nothing more is written.` })
      } else if (failure._tag === "BadData") {
        if (indexes.length > 1) return yield* writeHalves
        for (const index of indexes) outcomes[index] = { _tag: "Refused", message: failure.message }
        return new Map<number, AppendRow>()
      }
      return yield* new EventLogUnavailable({ cause: result.failure })
    }
  })

/**
 * Tries again, for some seconds, what may pass: a lost connection, a lock or statement timeout, a
 * server that is restarting. With a look-up then: the statement may have been carried out, or have
 * waited, with its heads held, for somebody who has the keys of these events in hand.
 */
const runStatement = (sql: PgClient.PgClient, batch: ReadonlyArray<NewEvent>, looksUp: boolean, memory: Memory) =>
  Effect.catchIf(attempt(sql, batch, looksUp, memory), isTransient, () =>
    Effect.retry(attempt(sql, batch, true, memory), {
      while: isTransient,
      schedule: Schedule.min([Schedule.exponential("50 millis"), Schedule.spaced("1 second")]).pipe(
        Schedule.upTo({ duration: "5 seconds" })
      )
    }).pipe(inSteadyTime)).pipe(
      Effect.timed,
      Effect.tap(([duration, rows]) =>
        Effect.all([
          Metric.update(appendDuration, duration),
          Metric.update(appendSize, batch.length),
          Metric.update(appendLockWait, rows.find(({ waited }) => waited !== null)?.waited ?? 0)
        ], { discard: true })
      ),
      Effect.map(([, rows]) => rows)
    )

/**
 * Runs the statement in the newest history of the log. On another server than that history's it
 * stores nothing: then the history of that server is begun, or found, what is remembered of the one
 * before is forgotten, and the statement is run again.
 */
const attempt = (
  sql: PgClient.PgClient,
  batch: ReadonlyArray<NewEvent>,
  looksUp: boolean,
  memory: Memory
): Effect.Effect<ReadonlyArray<AppendRow>, SqlError.SqlError | EventLogUnavailable> =>
  Effect.suspend(() => {
    const history = memory.histories.known()
    if (history === undefined || performance.now() < memory.tenantsAreKnownFrom) return attemptWarily(sql, batch, looksUp, memory)
    return Effect.flatMap(
      appendStatement(sql, batch, { looksUp, erased: memory.erased, history }),
      (rows) => isOfAnotherServer(rows) ? attemptWarily(sql, batch, true, memory) : Effect.succeed(rows)
    )
  })

const isOfAnotherServer = (rows: ReadonlyArray<AppendRow>): boolean => rows.some(({ ord }) => ord === anotherServer)

/**
 * Servers that one attempt follows. More in a row are not a failover: two primaries behind one
 * name.
 */
const maxServers = 3

const attemptWarily = Effect.fnUntraced(function*(
  sql: PgClient.PgClient,
  batch: ReadonlyArray<NewEvent>,
  looksUp: boolean,
  memory: Memory
) {
  const { erased, histories } = memory
  for (let servers = 0; servers < maxServers; servers++) {
    const history = histories.known() ?? (yield* histories.keepUp)
    if (performance.now() < memory.tenantsAreKnownFrom) yield* refuseLostTenants(sql, batch)
    const rows = yield* appendStatement(sql, batch, { looksUp: looksUp || servers > 0, erased, history })
    if (!isOfAnotherServer(rows)) return rows
    yield* histories.keepUp
  }
  return yield* new EventLogUnavailable({ cause: new Error("each statement reaches another server") })
})

/**
 * The keys of a tenant that the database has lost are lost too, and only what came with them before
 * is still under way.
 */
const refuseLostTenants = Effect.fnUntraced(function*(sql: PgClient.PgClient, batch: ReadonlyArray<NewEvent>) {
  const tenants = [...new Set(batch.map(({ tenantId }) => tenantId))]
  const [row] = yield* sql<{ found: number }>`
    select count(*)::int as found from tenants where tenant_id = any (${arrayOf.uuid(tenants)}::uuid[])`
  if (row?.found !== tenants.length) return yield* new EventLogUnavailable({ cause: new Error("the database has lost a tenant") })
})

const isTransient = (error: SqlError.SqlError | EventLogUnavailable): boolean =>
  error._tag === "SqlError" && classifySqlError(error)._tag === "Transient"

function* settle(
  rows: ReadonlyArray<AppendRow>,
  batch: ReadonlyArray<NewEvent>,
  indexes: ReadonlyArray<number>,
  outcomes: Array<AppendOutcome>,
  histories: LogHistories["Service"]
): Steps<Map<number, AppendRow>> {
  const next = new Map<number, number>()
  const stored = new Map<number, AppendRow>()
  for (const row of rows) {
    if (row.ord === null) next.set(row.slice, Number(row.position))
    else stored.set(Number(row.ord) - 1, row)
  }
  const storedByIndex = new Map<number, AppendRow>()
  let compared = 0
  for (const [at, event] of batch.entries()) {
    const index = indexes[at]
    if (index === undefined) continue
    const row = stored.get(at)
    if (row !== undefined) {
      storedByIndex.set(index, row)
      outcomes[index] = outcomeOfStored(row, event)
      compared += event.payload.length
      if (compared < comparedCharacters) continue
      compared = 0
      yield
      continue
    }
    const position = next.get(event.slice) ?? Number.NaN
    next.set(event.slice, position + 1)
    outcomes[index] = { _tag: "Appended", position }
  }
  for (const [slice, position] of next) histories.noteCommitted(slice, position - 1)
  return storedByIndex
}
