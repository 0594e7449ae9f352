import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { SqlError } from "effect/sql"

/** How far an import has come: the file up to the check in `line`, known by its SHA-256. */
export interface ImportMark {
  readonly line: number
  readonly events: number
  readonly sha256: string
}

/** What was asked for needs a log that is whole, and this one is the beginning of an import. */
export class ImportUnfinished extends Schema.TaggedError<ImportUnfinished>("playtally/event-log/ImportUnfinished")("ImportUnfinished", {
  message: Schema.String
}) {}

/** The import that was begun on this database and has not ended, if there is one. */
export const unfinishedImport = (sql: PgClient.PgClient): Effect.Effect<Option.Option<ImportMark>, SqlError.SqlError> =>
  Effect.gen(function*() {
    const [table] = yield* sql<{ found: boolean }>`select to_regclass('log_import') is not null as found`
    if (table?.found !== true) return Option.none()
    const [row] = yield* sql<{ line: bigint; events: bigint; sha256: string }>`select line, events, sha256 from log_import`
    return Option.map(Option.fromNullishOr(row), ({ events, line, sha256 }) => ({ line: Number(line), events: Number(events), sha256 }))
  })

/** Fails if an import has not ended. */
export const refuseUnfinished = (sql: PgClient.PgClient): Effect.Effect<void, ImportUnfinished | SqlError.SqlError> =>
  Effect.flatMap(unfinishedImport(sql), (mark) =>
    Option.isNone(mark) ? Effect.void : Effect.fail(
      new ImportUnfinished({
        message: `This log is the beginning of an import (${mark.value.events} events): end it with \`events import\` first.`
      })
    ))

/**
 * Marks the database as being imported into, in the caller's transaction. Until `unmark`, which
 * nothing but the end of the import does, all appends but the import's own are refused, also those
 * of processes that run already: their senders are told to try again later. No schema but an
 * importing database's has the mark, so it is no migration.
 */
export const mark = (sql: PgClient.PgClient, first: ImportMark): Effect.Effect<void, SqlError.SqlError> =>
  Effect.gen(function*() {
    yield* sql`create table log_import (line bigint not null, events bigint not null, sha256 text not null)`.unprepared
    yield* sql`insert into log_import values (${BigInt(first.line)}, ${BigInt(first.events)}, ${first.sha256})`.unprepared
    yield* sql`
      create function refuse_append_during_import() returns trigger language plpgsql as $$
      begin
        raise exception 'the log is being imported: nothing else can be appended before it is whole' using errcode = 'restrict_violation';
      end $$`.unprepared
    yield* sql`
      create trigger events_await_import before insert on events for each statement
        when (current_setting('playtally.importing', true) is distinct from 'on') execute function refuse_append_during_import()`.unprepared
  })

/** Lets the rest of the caller's transaction append while the mark is there. */
export const allowAppend = (sql: PgClient.PgClient): Effect.Effect<void, SqlError.SqlError> =>
  Effect.asVoid(sql`select set_config('playtally.importing', 'on', true)`)

/** Moves the mark, in the caller's transaction; false if it is not where the caller left it. */
export const moveMark = (sql: PgClient.PgClient, from: ImportMark, to: ImportMark): Effect.Effect<boolean, SqlError.SqlError> =>
  Effect.map(
    sql`
      update log_import set line = ${BigInt(to.line)}, events = ${BigInt(to.events)}, sha256 = ${to.sha256}
      where line = ${BigInt(from.line)} and sha256 = ${from.sha256}
      returning line`,
    (rows) => rows.length === 1
  )

/** Takes the mark away, in the caller's transaction. */
export const unmark = (sql: PgClient.PgClient): Effect.Effect<void, SqlError.SqlError> =>
  Effect.gen(function*() {
    yield* sql`drop trigger events_await_import on events`.unprepared
    yield* sql`drop function refuse_append_during_import()`.unprepared
    yield* sql`drop table log_import`.unprepared
  })
