import { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { SqlError } from "effect/sql"
import * as Stream from "effect/Stream"
import { arrayOf } from "../database/arrayOf.ts"
import { classifySqlError } from "../database/classifySqlError.ts"
import { type DatabasesOfLog, databasesOfLog, type LogDatabase } from "../event-log/LogDatabases.ts"
import { beginLog, insertStored } from "../event-log/statements/importStatements.ts"
import { holdServed, type SliceRange } from "../event-log/statements/servedSlices.ts"
import type { StoredEvent } from "../event-log/StoredEvent.ts"
import { allowAppend, type ImportMark, mark, moveMark, unfinishedImport, unmark } from "../event-log/unfinishedImport.ts"
import { insertTenants } from "../tenants/transferTenants.ts"
import { known } from "../values/known.ts"
import type { LogProgress } from "./exportLog.ts"
import { eventsIn, LogFileError, type LogFilePrelude } from "./LogFile.ts"
import { type LogFileBatch, LogFileReader } from "./LogFileReader.ts"

/**
 * The database is not one that this file can be imported into; `message` says why. Nothing was
 * changed.
 */
export class ImportRefused extends Schema.TaggedError<ImportRefused>("playtally/event-log/ImportRefused")("ImportRefused", {
  message: Schema.String
}) {}

/**
 * What an import brought. `before` is how many of the events an earlier, unfinished import of the
 * file had brought already.
 */
export interface ImportReport {
  readonly events: number
  readonly before: number
  readonly tenants: number
  readonly apiKeys: number
}

export interface ImportOptions<E, R> {
  readonly onProgress?: (progress: LogProgress) => void
  /** Done to the database once it is known to be empty, before anything is brought into it. */
  readonly prepare?: Effect.Effect<void, E, R>
}

/** A database of the log, and how far the import has come in it. */
interface Target {
  readonly sql: PgClient.PgClient
  /** The slices that belong here; home may have none. */
  readonly slices: SliceRange | undefined
  readonly isHome: boolean
  /** The events of a batch that belong here. */
  readonly own: (events: ReadonlyArray<StoredEvent>) => ReadonlyArray<StoredEvent>
  /** Where an earlier import has stopped. "Ended" if it has ended here, and not everywhere. */
  readonly begun: ImportMark | "Ended" | undefined
  /** Where this one is; undefined before its first batch. */
  at: ImportMark | undefined
}

/**
 * Brings a log file into a database that was migrated and has neither tenants nor events: tenants,
 * keys and events as they were, positions and times too. Each part of the file between two checks
 * goes in as one transaction once its check has been found right, so that nothing damaged ever goes
 * in.
 *
 * Until the last of them and the end of the file are in, the database is marked: appends of any
 * process are refused, and so is an export. An import that was cut off goes on where it was when
 * the same file, or a whole copy of the cut one, is imported again.
 *
 * A log in several databases has a mark in each, and each takes the events of its slices. Home is
 * the first to be marked, and the last whose mark goes. No slice leaves a database with a mark.
 */
export const importLog = <E, R, E2 = never, R2 = never>(
  file: Stream.Stream<Uint8Array, E, R>,
  { onProgress = () => {}, prepare = Effect.void }: ImportOptions<E2, R2> = {}
): Effect.Effect<ImportReport, E | E2 | LogFileError | ImportRefused | SqlError.SqlError, R | R2 | PgClient.PgClient> =>
  Effect.gen(function*() {
    const databases = yield* databasesOfLog
    if ((yield* databases.whereabouts) !== "Here") return yield* moving
    const targets = yield* openTargets(databases)
    yield* Effect.forEach(targets, ({ begun, sql }) => begun === undefined ? refuseUsed(sql) : Effect.void, { discard: true })
    for (const { begun, sql } of targets) {
      if (begun === undefined) yield* Effect.provideService(prepare, PgClient.PgClient, sql)
    }

    let before = 0
    let current: ImportMark | undefined
    let prelude: LogFilePrelude | undefined
    const takeIn = Effect.fnUntraced(function*(target: Target, batch: LogFileBatch, next: ImportMark) {
      const { at, begun, isHome, own, sql } = target
      const events = own(batch.events)
      if (begun === "Ended" || (begun !== undefined && next.line <= begun.line)) {
        before += events.length
        if (begun === "Ended" || next.line < begun.line) return
        if (next.sha256 !== begun.sha256) return yield* anotherFile
      } else if (at === undefined) {
        if (begun !== undefined || prelude !== undefined) return yield* anotherFile
        yield* begin(target, isHome ? batch.prelude : { ...batch.prelude, apiKeys: [] }, next)
      } else {
        if (targets.length > 1 && events.length === 0) return
        yield* write({ sql, at }, { batch, events }, next)
      }
      target.at = next
    })
    const take = Effect.fnUntraced(function*(batch: LogFileBatch) {
      const next: ImportMark = { line: batch.lastLine, events: batch.eventsSoFar, sha256: batch.sha256 }
      for (const target of targets) yield* takeIn(target, batch, next)
      prelude = batch.prelude
      current = next
      onProgress({ done: next.events, total: eventsIn(batch.prelude.header.heads) })
    })

    const reader = new LogFileReader()
    yield* file.pipe(
      Stream.mapEffect((piece) => Effect.fromResult(reader.push(piece))),
      Stream.flattenIterable,
      // The next part is read while this one is written.
      Stream.buffer({ capacity: 1 }),
      Stream.runForEach(take)
    )
    yield* Effect.fromResult(reader.end())
    if (prelude === undefined || current === undefined) return yield* anotherFile
    yield* finish(targets, prelude, current)
    return { events: current.events, before, tenants: prelude.tenants.length, apiKeys: prelude.apiKeys.length }
  })

/** The databases that take the file, home first, each with the import that was begun on it. */
const openTargets = ({ all, home }: DatabasesOfLog): Effect.Effect<ReadonlyArray<Target>, SqlError.SqlError> =>
  Effect.gen(function*() {
    const ownOf = (database: LogDatabase | undefined) => (events: ReadonlyArray<StoredEvent>) =>
      database === undefined
        ? []
        : all.length === 1
        ? events
        : events.filter(({ slice }) => database.first <= slice && slice <= database.last)
    const ofHome = all.find(({ sql }) => sql === home)
    const places = [
      { sql: home, slices: ofHome, own: ownOf(ofHome) },
      ...all.filter(({ sql }) => sql !== home).map((database) => ({ sql: database.sql, slices: database, own: ownOf(database) }))
    ]
    const marks = yield* Effect.forEach(places, ({ sql }) => Effect.map(unfinishedImport(sql), Option.getOrUndefined))
    const isBegun = marks[0] !== undefined
    return yield* Effect.forEach(places, ({ own, slices, sql }, place) =>
      Effect.gen(function*() {
        const mark = marks[place]
        // Home keeps its mark until all others have ended.
        const isEnded = isBegun && mark === undefined && (yield* usedBy(sql)) !== undefined
        return { sql, isHome: sql === home, slices, own, begun: isEnded ? "Ended" : mark, at: undefined } satisfies Target as Target
      }))
  })

const anotherFile = new ImportRefused({
  message: "An import of another file was begun on this database: import that one again to end it, or take a new database."
})

const moving = new ImportRefused({
  message: "A part of the log is on its way to another server: `partitions list` shows it. End that with the same command or cancel it, " +
    "and import the file then."
})

/** What the database has that an import would meet; undefined if there is nothing. */
const usedBy = (sql: PgClient.PgClient): Effect.Effect<string | undefined, SqlError.SqlError> =>
  Effect.map(
    sql<{ events: boolean; tenants: string | null }>`
      select
        exists (select from events) or exists (select from slice_heads where position > 0) as events,
        (select string_agg(name, ', ') from (select name from tenants order by name limit 5) as t) as tenants`,
    ([found]) => found?.events === true ? "events" : found?.tenants === null ? undefined : `tenants (${found?.tenants})`
  )

const refuseUsed = Effect.fnUntraced(function*(sql: PgClient.PgClient) {
  const used = yield* usedBy(sql)
  if (used === undefined) return
  return yield* new ImportRefused({
    message: `The database has ${used} already, and an import needs one that was migrated and nothing else.`
  })
})

const begin = ({ slices, sql }: Target, { apiKeys, erasedUsers, header, tenants }: LogFilePrelude, first: ImportMark) =>
  Effect.gen(function*() {
    // An append, or the creation of a tenant, has ended by now, or waits until the mark is there.
    yield* sql`lock table events, tenants in share row exclusive mode`.unprepared
    yield* refuseUsed(sql)
    yield* mark(sql, first)
    // From here on no slice leaves: who has them leave waits, and finds the mark then.
    if (slices !== undefined && !(yield* holdServed(sql, slices))) return yield* moving
    yield* insertTenants(sql, tenants, apiKeys)
    yield* beginLog(sql, { laneCount: header.lane_count, erasedUsers })
  }).pipe(sql.withTransaction, refusedBy(() => "A tenant, key or erased user of the file"))

/** Inserts the events of a database, moves its heads and its mark, all or nothing. */
const write = (
  { at, sql }: { readonly sql: PgClient.PgClient; readonly at: ImportMark },
  { batch, events }: { readonly batch: LogFileBatch; readonly events: ReadonlyArray<StoredEvent> },
  to: ImportMark
) =>
  Effect.gen(function*() {
    yield* allowAppend(sql)
    const isInOrder = yield* insertStored(sql, events)
    if (!(yield* moveMark(sql, at, to)) || !isInOrder) {
      return yield* new ImportRefused({ message: "Somebody else is importing into this database." })
    }
  }).pipe(
    sql.withTransaction,
    refusedBy((reason) => {
      const index = batch.events.findIndex((event) => isAtFault(event, reason))
      return index < 0
        ? `Something in lines ${batch.firstLine} to ${batch.lastLine - 1} of the file`
        : `Line ${batch.firstLine + index} of the file`
    })
  )

/** Whether the database's reason is about this event, as far as that can be told. */
const isAtFault = ({ idempotency_key, occurred_at, payload, recorded_at }: StoredEvent, reason: string): boolean =>
  reason.includes(idempotency_key) || !isDay(occurred_at) || !isDay(recorded_at) || !isJson(payload)

const isDay = (time: string): boolean => new Date(`${time.slice(0, 10)}T00:00:00Z`).toJSON()?.startsWith(time.slice(0, 10)) === true

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/**
 * What the database will not hold is the file's fault: a day that does not exist, a payload that is
 * no JSON, a key that is used twice.
 */
const refusedBy =
  (what: (reason: string) => string) =>
  <A, E>(effect: Effect.Effect<A, E | SqlError.SqlError>): Effect.Effect<A, E | SqlError.SqlError | LogFileError> =>
    Effect.catchIf(
      effect,
      (error): error is E & SqlError.SqlError =>
        SqlError.isSqlError(error) && ["BadData", "UniqueViolation"].includes(classifySqlError(error)._tag),
      (error) => {
        const reason = reasonOf(error)
        return Effect.fail(new LogFileError({ message: `${what(reason)} cannot be stored: ${reason}.` }))
      }
    )

/** What the server said, with the values it is about. */
const reasonOf = ({ reason: { cause } }: SqlError.SqlError): string => {
  if (!(cause instanceof Error)) return String(cause)
  return "detail" in cause && typeof cause.detail === "string" ? `${cause.message} (${cause.detail})` : cause.message
}

/**
 * Every head is where the file says; then the databases are like any other.
 *
 * Home's mark stands at the end of the file before the first of the others goes. So an import that
 * is cut off here knows which databases have ended, and leaves alone what they have stored since.
 */
const finish = Effect.fnUntraced(function*(targets: ReadonlyArray<Target>, prelude: LogFilePrelude, end: ImportMark) {
  const home = known(targets.find(({ isHome }) => isHome), "home among the databases of an import")
  const others = targets.filter(({ isHome }) => !isHome)
  const left = others.filter(({ begun }) => begun !== "Ended")
  if (home.at === undefined || left.some(({ at }) => at === undefined)) return yield* anotherFile
  // Something else than this import has filled a database.
  if (left.length < others.length && home.at.line !== end.line) return yield* changed
  if (others.length > 0) {
    yield* Effect.forEach([home, ...left], ({ sql }) => checkHeads(sql, prelude), { discard: true })
    if (!(yield* moveMark(home.sql, home.at, end))) return yield* changed
  }
  for (const { sql } of [...left, home]) {
    yield* sql.withTransaction(Effect.andThen(checkHeads(sql, prelude), unmark(sql)))
    // What plans are made by is not there yet.
    yield* sql`analyze events`.unprepared
  }
})

const changed = new ImportRefused({
  message: "The database does not have what was imported into it: somebody else has changed it. Take a new one."
})

const checkHeads = Effect.fnUntraced(function*(sql: PgClient.PgClient, { header }: LogFilePrelude) {
  const [wrong] = yield* sql<{ heads: number }>`
    select count(*)::int as heads
    from slice_heads as h
    left join unnest(
      ${arrayOf.int2(header.heads.map(([slice]) => slice))}::smallint[],
      ${arrayOf.int8(header.heads.map(([, position]) => position))}::bigint[],
      ${arrayOf.text(header.heads.map(([, , recordedAt]) => recordedAt))}::timestamptz[]
    ) as f (slice, position, recorded_at) using (slice)
    where (h.position, h.recorded_at) is distinct from (coalesce(f.position, 0), coalesce(f.recorded_at, 'epoch'))`
  if (wrong?.heads !== 0) return yield* changed
})
