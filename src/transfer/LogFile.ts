import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { isPseudonym } from "../event-log/pseudonym.ts"

/**
 * A log file is the whole event log as text: NDJSON, UTF-8, every line ended by a line feed.
 *
 * The same log gives the same bytes. In order:
 *
 * 1. A header, with the head of every slice that has events.
 * 2. What the events need:
 *    - The tenants by id, with their secret key namespaces. Without these a resend would not be
 *      recognized.
 *    - Their API keys by id, as hashes, revoked ones too. So senders go on with the keys they have.
 *    - The erased users as pseudonyms, in the order of their erasures. Without them a late resend
 *      of an erased event would be taken for a new one.
 * 3. The events by slice and position, as `formatStoredEvent` writes them.
 * 4. The end.
 *
 * A check follows part 2, and then every few thousand events. It has the number of events so far,
 * and the SHA-256 of all bytes of the file before its line. The end has both too. At a check a
 * reader knows that everything before it is what was written. A check tells damage, not forgery:
 * keep the file as safe as the database.
 *
 * The file has neither projections, which are made from the events, nor rejected items.
 */
export interface LogFilePrelude {
  readonly header: LogFileHeader
  readonly tenants: ReadonlyArray<LogFileTenant>
  readonly apiKeys: ReadonlyArray<LogFileApiKey>
  readonly erasedUsers: ReadonlyArray<LogFileErasedUser>
}

/** The version of what this page says. */
export const logFileVersion = 1

/**
 * A check follows as soon as either number is reached since the last one; for readers, four times
 * that is too much.
 */
export const sealAfter = { events: 2_000, characters: 2 * 1024 * 1024 } as const

/**
 * A file that cannot be taken for what an export wrote, or not up to its end; `message` says where
 * and what. Nothing after the last check is used.
 */
export class LogFileError extends Schema.TaggedError<LogFileError>("playtally/event-log/LogFileError")("LogFileError", {
  message: Schema.String
}) {}

const uuid = Schema.String.check(Schema.isPattern(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/))
const time = Schema.String.check(Schema.isPattern(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/))

const header = Schema.Struct({
  playtally_log: Schema.Int,
  slice_count: Schema.Int,
  lane_count: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 256 })),
  /** Slice, position and recorded_at of the last event of each slice that has any, by slice. */
  heads: Schema.Array(Schema.Tuple([Schema.Int, Schema.Int, time]))
})

const tenant = Schema.Struct({
  tenant_id: uuid.pipe(Schema.brand("TenantId")),
  name: Schema.String,
  time_zone: Schema.String,
  week_start: Schema.Int,
  key_namespace: uuid,
  created_at: time
})

const apiKey = Schema.Struct({
  api_key_id: uuid,
  tenant_id: uuid.pipe(Schema.brand("TenantId")),
  name: Schema.String,
  /** SHA-256, hexadecimal. */
  key_hash: Schema.String.check(Schema.isPattern(/^([\da-f]{2})+$/)),
  scopes: Schema.Array(Schema.String),
  created_at: time,
  revoked_at: Schema.NullOr(time)
})

const erasedUser = Schema.Struct({
  tenant_id: uuid.pipe(Schema.brand("TenantId")),
  slice: Schema.Int.pipe(Schema.brand("Slice")),
  tag: Schema.Int,
  pseudonym: Schema.String.check(Schema.makeFilter(isPseudonym)),
  erased_at: time
})

export type LogFileHeader = typeof header.Type
export type LogFileTenant = typeof tenant.Type
export type LogFileApiKey = typeof apiKey.Type
export type LogFileErasedUser = typeof erasedUser.Type

/**
 * A kind of line: how it is written, and how it is read, which gives nothing for a line that would
 * have been written otherwise.
 */
const lineOf = <S extends Schema.ConstraintDecoder<unknown>>(schema: S) => {
  const decode = Schema.decodeUnknownOption(Schema.fromJsonString(schema))
  const format = (value: S["Type"]): string => JSON.stringify(value)
  return { format, parse: (line: string) => Option.filter(decode(line), (value) => format(value) === line) } as const
}

export const headerLine = lineOf(header)
export const tenantLine = lineOf(Schema.Struct({ tenant }))
export const apiKeyLine = lineOf(Schema.Struct({ api_key: apiKey }))
export const erasedUserLine = lineOf(Schema.Struct({ erased_user: erasedUser }))

export const checkPrefix = `{"check":`
export const endPrefix = `{"end":`

export const checkLine = (events: number, sha256: string): string => JSON.stringify({ check: { events, sha256 } })

export const endLine = ({ heads }: LogFileHeader, sha256: string): string =>
  JSON.stringify({ end: { events: eventsIn(heads), counts: heads.map(([slice, position]) => [slice, position]), sha256 } })

/** How many events lie up to these heads. */
export const eventsIn = (heads: LogFileHeader["heads"]): number => heads.reduce((sum, [, position]) => sum + position, 0)
