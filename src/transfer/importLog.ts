import { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { SqlError } from "effect/sql"
import * as Stream from "effect/Stream"
import { arrayOf } from "../database/arrayOf.ts"
import { classifySqlError } from "../database/classifySqlError.ts"
import { beginLog, insertStored } from "../event-log/statements/importStatements.ts"
import type { StoredEvent } from "../event-log/StoredEvent.ts"
import { allowAppend, type ImportMark, mark, moveMark, unfinishedImport, unmark } from "../event-log/unfinishedImport.ts"
import { insertTenants } from "../tenants/transferTenants.ts"
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

/**
 * Brings a log file into a database that was migrated and has neither tenants nor events: tenants,
 * keys and events as they were, positions and times too. Each part of the file between two checks
 * goes in as one transaction once its check has been found right, so that nothing damaged ever goes
 * in.
 *
 * Until the last of them and the end of the file are in, the database is marked: appends of any
 * process are refused, and so is an export. An import that was cut off goes on where it was when
 * the same file, or a whole copy of the cut one, is imported again.
 */
export const importLog = <E, R, E2 = never, R2 = never>(
  file: Stream.Stream<Uint8Array, E, R>,
  { onProgress = () => {}, prepare = Effect.void }: ImportOptions<E2, R2> = {}
): Effect.Effect<ImportReport, E | E2 | LogFileError | ImportRefused | SqlError.SqlError, R | R2 | PgClient.PgClient> =>
  Effect.gen(function*() {
    const sql = yield* PgClient.PgClient
    const begun = Option.getOrUndefined(yield* unfinishedImport(sql))
    if (begun === undefined) yield* Effect.andThen(refuseUsed(sql), prepare)

    let current: ImportMark = { line: 0, events: 0, sha256: "" }
    let prelude: LogFilePrelude | undefined
    const take = Effect.fnUntraced(function*(batch: LogFileBatch) {
      const next: ImportMark = { line: batch.lastLine, events: batch.eventsSoFar, sha256: batch.sha256 }
      if (begun !== undefined && next.line <= begun.line) {
        if (next.line === begun.line && next.sha256 !== begun.sha256) return yield* anotherFile
      } else {
        if (begun !== undefined && current.line < begun.line) return yield* anotherFile
        yield* prelude === undefined ? begin(sql, batch.prelude, next) : write(sql, batch, current, next)
      }
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
    if (prelude === undefined || (begun !== undefined && current.line < begun.line)) return yield* anotherFile
    yield* finish(sql, prelude)
    return { events: current.events, before: begun?.events ?? 0, tenants: prelude.tenants.length, apiKeys: prelude.apiKeys.length }
  })

const anotherFile = new ImportRefused({
  message: "An import of another file was begun on this database: import that one again to end it, or take a new database."
})

const refuseUsed = Effect.fnUntraced(function*(sql: PgClient.PgClient) {
  const [found] = yield* sql<{ events: boolean; tenants: string | null }>`
    select
      exists (select from events) or exists (select from slice_heads where position > 0) as events,
      (select string_agg(name, ', ') from (select name from tenants order by name limit 5) as t) as tenants`
  if (found?.events !== true && found?.tenants === null) return
  return yield* new ImportRefused({
    message: `The database has ${
      found?.events === true ? "events" : `tenants (${found?.tenants})`
    } already, and an import needs one that was migrated and nothing else.`
  })
})

const begin = (sql: PgClient.PgClient, { apiKeys, erasedUsers, header, tenants }: LogFilePrelude, first: ImportMark) =>
  Effect.gen(function*() {
    // An append, or the creation of a tenant, has ended by now, or waits until the mark is there.
    yield* sql`lock table events, tenants in share row exclusive mode`.unprepared
    yield* refuseUsed(sql)
    yield* mark(sql, first)
    yield* insertTenants(sql, tenants, apiKeys)
    yield* beginLog(sql, { laneCount: header.lane_count, erasedUsers })
  }).pipe(sql.withTransaction, refusedBy(() => "A tenant, key or erased user of the file"))

/** Inserts the events, moves the heads and the mark, all or nothing. */
const write = (sql: PgClient.PgClient, { events, firstLine, lastLine }: LogFileBatch, from: ImportMark, to: ImportMark) =>
  Effect.gen(function*() {
    yield* allowAppend(sql)
    const isInOrder = yield* insertStored(sql, events)
    if (!(yield* moveMark(sql, from, to)) || !isInOrder) {
      return yield* new ImportRefused({ message: "Somebody else is importing into this database." })
    }
  }).pipe(
    sql.withTransaction,
    refusedBy((reason) => {
      const index = events.findIndex((event) => isAtFault(event, reason))
      return index < 0 ? `Something in lines ${firstLine} to ${lastLine - 1} of the file` : `Line ${firstLine + index} of the file`
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

/** Every head is where the file says; then the database is like any other. */
const finish = (sql: PgClient.PgClient, { header }: LogFilePrelude) =>
  Effect.gen(function*() {
    const [wrong] = yield* sql<{ heads: number }>`
      select count(*)::int as heads
      from slice_heads as h
      left join unnest(
        ${arrayOf.int2(header.heads.map(([slice]) => slice))}::smallint[],
        ${arrayOf.int8(header.heads.map(([, position]) => position))}::bigint[],
        ${arrayOf.text(header.heads.map(([, , recordedAt]) => recordedAt))}::timestamptz[]
      ) as f (slice, position, recorded_at) using (slice)
      where (h.position, h.recorded_at) is distinct from (coalesce(f.position, 0), coalesce(f.recorded_at, 'epoch'))`
    if (wrong?.heads !== 0) {
      return yield* new ImportRefused({
        message: "The database does not have what was imported into it: somebody else has changed it. Take a new one."
      })
    }
    yield* unmark(sql)
  }).pipe(
    sql.withTransaction,
    // What plans are made by is not there yet.
    Effect.andThen(sql`analyze events`.unprepared)
  )
