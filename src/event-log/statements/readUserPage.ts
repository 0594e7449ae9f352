import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { SqlError } from "effect/sql"
import { arrayOf } from "../../database/arrayOf.ts"
import type { EventType } from "../../fasttrack/FastTrackEvent.ts"
import { parseJson } from "../../fasttrack/parseJson.ts"
import { decodeStored } from "../../fasttrack/payload.ts"
import { largestEvent } from "../../platform/Settings.ts"
import { Position } from "../../values/Position.ts"
import type { Slice } from "../../values/Slice.ts"
import type { TenantId } from "../../values/TenantId.ts"
import type { UserId } from "../../values/UserId.ts"
import type { RecordedEvent } from "../RecordedEvent.ts"
import { sliceOf } from "../sliceOf.ts"
import { fitPlaces, type Place, placeColumns, type SizedPlace } from "./fitPlaces.ts"
import { isBeingErased } from "./unfinishedErasures.ts"

/** An event of a user as it is stored, nothing parsed. Times are epoch milliseconds. */
export interface StoredUserEvent {
  readonly slice: Slice
  readonly position: Position
  readonly eventType: string
  readonly payloadVersion: number
  readonly occurredAt: number
  readonly recordedAt: number
  /** Bytes of the payload. */
  readonly bytes: number
  /** JSON text; null if it is larger than what was asked for. */
  readonly payload: string | null
}

/** Some of a user's events, newest first. */
export interface UserPage {
  readonly events: ReadonlyArray<StoredUserEvent>
  /** Whether there are events before the last of these. */
  readonly isMore: boolean
}

/**
 * Which events: those before a position of the user's slice, at most `limit`. An event with more
 * bytes than `largest` comes without its payload.
 */
export interface PageRequest {
  readonly tenantId: TenantId
  readonly userId: UserId
  readonly before: number
  readonly limit: number
  /** {@link largestShown} without it, `readableEvent` at most. */
  readonly largest?: number
  /** Only events of this kind. */
  readonly eventType?: EventType
}

/** Bytes of payload after which a page ends. A first event that is larger stands alone. */
export const pageBytes = 1024 * 1024

/** The largest payload that is fetched for a page: twice the largest that is taken in. */
export const largestShown = 2 * largestEvent

/** Users with more events than these are looked for position by position. */
const few = 2000

/**
 * Positions of a slice that are looked through for the next events of a user with many, one after
 * another; then it is cheaper to look at all of the user's.
 */
const windows = [4_000, 16_000, 64_000, 256_000] as const

/**
 * Reads a page of a user's events: as many as asked for, and no more bytes than {@link pageBytes},
 * however large the events are and however many the user has. A user's few events come by the
 * unique key. One who has many is frequent in the slice, so that the next ones are near `before`.
 */
export const readUserPage = Effect.fnUntraced(function*(sql: PgClient.PgClient, part: PageRequest) {
  const { places, isMore } = yield* findPlaces(sql, part)
  const fitting = yield* fitPlaces(sql, sliceOf(part.tenantId, part.userId), places, pageBytes)
  const events = fitting.length === 0 ? [] : yield* fetchEvents(sql, part, fitting)
  return { events, isMore: isMore || fitting.length < places.length } satisfies UserPage
}) satisfies (...args: never) => Effect.Effect<UserPage, SqlError.SqlError>

/** Where the next events stand, and whether there are more. */
const findPlaces = Effect.fnUntraced(function*(sql: PgClient.PgClient, { before, eventType, limit, tenantId, userId }: PageRequest) {
  const end = BigInt(before)
  const ofType = eventType === undefined ? sql`event_type <> 'erased'` : sql`event_type = ${eventType}`
  const byKey = yield* sql<Partial<Place> & { readonly known: number }>`
    with own as materialized (
      select ${sql.literal(placeColumns)} from events
      where tenant_id = ${tenantId}::uuid and user_id = ${userId} and ${ofType} and not ${isBeingErased(sql, tenantId, userId)}
      limit ${few + 1}
    )
    select k.known, s.*
    from (select count(*)::int as known from own) as k
    left join lateral (
      select * from own where k.known <= ${few} and position < ${end} order by position desc limit ${limit + 1}
    ) as s on true`
  const isFew = (byKey[0]?.known ?? 0) <= few
  if (isFew) {
    return cut(byKey.filter((row): row is Place & { readonly known: number } => row.position !== undefined && row.position !== null), limit)
  }

  const slice = sliceOf(tenantId, userId)
  const found: Array<Place> = []
  const [head] = yield* sql<{ position: bigint }>`select position from slice_heads where slice = ${slice}`
  let high = Math.min(before, Number(head?.position ?? 0) + 1)
  for (const window of windows) {
    const low = Math.max(1, high - window)
    // Read by position and nothing else, however few of the positions the database takes for the
    // user's: `offset 0` keeps it so.
    const inOrder = sql`
      select position, tenant_id, user_id, event_type, payload from events
      where slice = ${slice} and position >= ${BigInt(low)} and position < ${BigInt(high)} order by position desc offset 0`
    const rows = yield* sql<Place>`
      select ${sql.literal(placeColumns)}
      from (${inOrder}) as e
      where tenant_id = ${tenantId}::uuid and user_id = ${userId} and ${ofType}
      order by position desc limit ${limit + 1 - found.length}`
    found.push(...rows)
    if (found.length > limit || low === 1) return cut(found, limit)
    high = low
  }
  const rest = yield* sql<Place>`
    select ${sql.literal(placeColumns)} from events
    where tenant_id = ${tenantId}::uuid and user_id = ${userId} and ${ofType} and position < ${BigInt(high)}
    order by position desc limit ${limit + 1 - found.length}`
  return cut([...found, ...rest], limit)
})

const cut = (places: ReadonlyArray<Place>, limit: number) => ({ places: places.slice(0, limit), isMore: places.length > limit })

/** The events themselves; an erasure may have begun since their places were found. */
const fetchEvents = (
  sql: PgClient.PgClient,
  { largest = largestShown, tenantId, userId }: PageRequest,
  places: ReadonlyArray<SizedPlace>
) =>
  Effect.map(
    sql<{
      slice: Slice
      position: bigint
      event_type: string
      payload_version: number
      occurred_at: Date
      recorded_at: Date
      bytes: number
      payload: string | null
    }>`
      select slice, position, event_type, payload_version, occurred_at, recorded_at, octet_length(text) as bytes,
        case when octet_length(text) <= ${largest} then text end as payload
      from (
        select *, payload::text as text from events
        where slice = ${sliceOf(tenantId, userId)} and position = any (${
      arrayOf.int8(places.map(({ position }) => position))
    }::bigint[]) offset 0
      ) as e
      where user_id = ${userId} and tenant_id = ${tenantId}::uuid and not ${isBeingErased(sql, tenantId, userId)}
      order by position desc`,
    (rows) =>
      rows.map((row): StoredUserEvent => ({
        slice: row.slice,
        position: Position(Number(row.position)),
        eventType: row.event_type,
        payloadVersion: row.payload_version,
        occurredAt: row.occurred_at.getTime(),
        recordedAt: row.recorded_at.getTime(),
        bytes: row.bytes,
        payload: row.payload
      }))
  )

/** The event as this release reads it, or why it cannot. */
export const decodeUserEvent = (
  { tenantId, userId }: Pick<PageRequest, "tenantId" | "userId">,
  { bytes, eventType, occurredAt, payload, payloadVersion, position, recordedAt, slice }: StoredUserEvent
): Result.Result<RecordedEvent, string> =>
  payload === null
    ? Result.fail(`its payload of ${bytes} bytes is larger than a reader takes`)
    // Parsed here and not by the driver, which would round the numbers inside `meta` and
    // `outcomes`.
    : decodeStored({ event: eventType, userId, occurredAt, payloadVersion, payload: parseJson(payload) }).pipe(
      Result.map((event): RecordedEvent => ({ slice, position, tenantId, userId, recordedAt, event })),
      Result.mapError(() => `this release does not know its kind, or version ${payloadVersion} of its payload`)
    )
