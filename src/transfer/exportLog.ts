import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { SqlError } from "effect/sql"
import * as Stream from "effect/Stream"
import { EventLogCorrupt } from "../event-log/EventLog.ts"
import { type DatabasesOfLog, databasesOfLog, type LogDatabase } from "../event-log/LogDatabases.ts"
import { readableEvent } from "../event-log/readableEvent.ts"
import { isAnyBeingErased } from "../event-log/statements/unfinishedErasures.ts"
import type { StoredEvent } from "../event-log/StoredEvent.ts"
import { type ImportUnfinished, refuseUnfinished } from "../event-log/unfinishedImport.ts"
import { storedApiKeys, storedTenants } from "../tenants/transferTenants.ts"
import { known } from "../values/known.ts"
import { Position } from "../values/Position.ts"
import { Slice } from "../values/Slice.ts"
import { eventsIn, type LogFileErasedUser, type LogFileHeader, type LogFilePrelude, logFileVersion } from "./LogFile.ts"
import { LogFileWriter } from "./LogFileWriter.ts"
import { type LogMoved, lookWhole } from "./lookWhole.ts"
import { readStoredPage, utc } from "./readStoredPages.ts"

/**
 * A user was or is being erased while the log is exported: what is written may still tell of the
 * user, so that it is not ended.
 */
export class ExportOutdated extends Schema.TaggedError<ExportOutdated>("playtally/event-log/ExportOutdated")("ExportOutdated", {
  message: Schema.String
}) {}

/**
 * An event of an older release is larger than a reader takes: no file can hold it. Nothing of it
 * was read.
 */
export class EventTooLarge extends Schema.TaggedError<EventTooLarge>("playtally/event-log/EventTooLarge")("EventTooLarge", {
  slice: Schema.Int,
  position: Schema.Int,
  bytes: Schema.Int
}) {
  override get message(): string {
    return `The event at ${this.slice}/${this.position} has ${this.bytes} bytes, and an export takes ${readableEvent} at most. Erase its user to export the rest.`
  }
}

const outdated = new ExportOutdated({ message: "A user was erased while the log was exported: export it again." })
const underWay = new ExportOutdated({ message: "A user is being erased: export the log again when that has ended." })

/** How far something that goes through the whole log has come, in events. */
export interface LogProgress {
  readonly done: number
  readonly total: number
}

/**
 * The log as it stands when the stream is started, as the bytes of a log file, in pieces of some MB
 * at most.
 *
 * It holds no transaction, so the reader of the stream may take the time it needs. Below the heads
 * only an erasure changes anything: events that come meanwhile make no difference. If a user is
 * erased meanwhile, the stream ends in `ExportOutdated`. If a part of the log has moved to another
 * database, where users may have been erased, it ends in `LogMoved`. If the log contradicts itself,
 * it ends in `EventLogCorrupt`.
 */
export const exportLog = (
  onProgress: (progress: LogProgress) => void = () => {}
): Stream.Stream<
  Uint8Array,
  EventLogCorrupt | EventTooLarge | ExportOutdated | ImportUnfinished | LogMoved | SqlError.SqlError,
  PgClient.PgClient
> =>
  Stream.unwrap(Effect.gen(function*() {
    const databases = yield* databasesOfLog
    yield* Effect.forEach(databases.all, ({ sql }) => refuseUnfinished(sql), { discard: true })
    // After the heads were read: one that begins since is seen by its number.
    const { erasures, prelude } = yield* readPrelude(databases)
    if ((yield* Effect.forEach(databases.all, ({ sql }) => isAnyBeingErased(sql))).includes(true)) return yield* underWay
    const refuseOutdated = Effect.flatMap(
      Effect.forEach(databases.all, (database) => lastErasure(databases, database)),
      (last) => last.every((erasure, place) => erasure === erasures[place]) ? Effect.void : Effect.fail(outdated)
    )
    const writer = new LogFileWriter(prelude)
    const total = eventsIn(prelude.header.heads)
    let done = 0
    onProgress({ done, total })
    const events = readPages(databases, prelude.header).pipe(
      // The next page is read while this one is written.
      Stream.buffer({ capacity: 1 }),
      Stream.mapEffect((page) => {
        done += page.length
        onProgress({ done, total })
        return Effect.catchTag(
          orCorrupt(writer.add(page)),
          "EventLogCorrupt",
          (corrupt) => Effect.andThen(refuseOutdated, Effect.fail(corrupt))
        )
      })
    )
    return Stream.suspend(() => Stream.succeed(writer.start())).pipe(
      Stream.concat(Stream.flattenIterable(events)),
      Stream.concat(
        Stream.flattenIterable(Stream.fromEffect(Effect.andThen(refuseOutdated, Effect.suspend(() => orCorrupt(writer.end())))))
      )
    )
  }))

const orCorrupt = <A>(result: Result.Result<A, string>): Effect.Effect<A, EventLogCorrupt> =>
  Result.match(result, {
    onSuccess: (value) => Effect.succeed(value),
    onFailure: (problem) => Effect.fail(new EventLogCorrupt({ message: damaged(problem) }))
  })

const damaged = (problem: string): string => `The log is damaged: ${problem}. \`events verify\` shows all that is wrong.`

/** The last erasure in a database, as long as it serves its slices. */
const lastErasure = (databases: DatabasesOfLog, { first, last, sql }: LogDatabase) =>
  lookWhole(
    databases,
    Effect.map(
      sql<{ erasure: bigint; heads: number }>`
        select coalesce(max(erasure), 0) as erasure,
          (select count(*)::int from slice_heads where slice between ${first} and ${last}) as heads
        from erased_users where slice between ${first} and ${last}`,
      ([row]) => known(row, "last erasure")
    ),
    ({ heads }) => heads === last - first + 1
  ).pipe(Effect.map(({ erasure }) => erasure))

/** The heads of a database's slices. */
const readHeads = Effect.fnUntraced(function*(databases: DatabasesOfLog, { first, last, sql }: LogDatabase) {
  const isWhole = (found: ReadonlyArray<unknown>) => found.length === last - first + 1
  const look = sql<{ slice: Slice; position: bigint; recorded_at: string }>`
    select slice, position, ${utc(sql, "recorded_at")} as recorded_at from slice_heads
    where slice between ${first} and ${last} order by slice`
  const heads = yield* lookWhole(databases, look, isWhole)
  if (!isWhole(heads)) return yield* new EventLogCorrupt({ message: damaged("slices have no head") })
  return heads.filter(({ position }) => position > 0n)
})

/**
 * The heads first, each database's in one statement: the tenants of all events below them exist
 * then. The same holds for the tenants of keys and of erased users read before. `erasures` are the
 * last ones that are told of, database by database.
 */
const readPrelude = Effect.fnUntraced(function*(databases: DatabasesOfLog) {
  const { all, home } = databases
  const heads = yield* Effect.forEach(all, (database) => readHeads(databases, database))
  const [format] = yield* home<Pick<LogFileHeader, "slice_count" | "lane_count">>`select slice_count, lane_count from log_format`
  if (format === undefined) return yield* new EventLogCorrupt({ message: "The database does not say how many slices it has." })
  const time = (column: string) => utc(home, column)
  const apiKeys = yield* storedApiKeys(home, time)
  const erased = yield* Effect.forEach(all, ({ first, last, sql }) =>
    sql<LogFileErasedUser & { readonly erasure: bigint }>`
      select erasure, tenant_id, slice, tag, pseudonym, ${utc(sql, "erased_at")} as erased_at from erased_users
      where slice between ${first} and ${last} order by erasure`)
  const tenants = yield* storedTenants(home, time)
  const prelude: LogFilePrelude = {
    header: {
      playtally_log: logFileVersion,
      slice_count: format.slice_count,
      lane_count: format.lane_count,
      heads: heads.flat().map(({ position, recorded_at, slice }) => [slice, Number(position), recorded_at])
    },
    tenants,
    apiKeys,
    // Within a database the numbers rise. The sort keeps the order of databases between equal ones.
    erasedUsers: erased.flat()
      .toSorted((a, b) => Number(a.erasure - b.erasure))
      .map(({ erased_at, pseudonym, slice, tag, tenant_id }) => ({ tenant_id, slice, tag, pseudonym, erased_at }))
  }
  return { prelude, erasures: erased.map((own) => own.at(-1)?.erasure ?? 0n) }
})

/**
 * The events up to the heads, slice by slice. One that a reader does not take ends it: a file with
 * that event could not be imported.
 */
const readPages = (
  { all }: DatabasesOfLog,
  { heads }: LogFileHeader
): Stream.Stream<ReadonlyArray<StoredEvent>, EventTooLarge | SqlError.SqlError> =>
  Stream.paginate({ place: 0, after: 0 }, ({ after, place }) =>
    Effect.gen(function*() {
      const [slice, last] = heads[place] ?? []
      if (slice === undefined || last === undefined) return [[], Option.none()] as const
      const { sql } = known(all.find(({ first, last }) => first <= slice && slice <= last), `database of slice ${slice}`)
      const page = yield* readStoredPage(sql, { slice: Slice(slice), after, upTo: Position(last) })
      if (page._tag === "TooLarge") return yield* new EventTooLarge({ slice, position: page.position, bytes: page.bytes })
      const next = page.events.at(-1)?.position ?? last
      return [[page.events], Option.some(next < last ? { place, after: next } : { place: place + 1, after: 0 })] as const
    }))
