import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { type DatabaseUnavailable, unavailable } from "../database/DatabaseUnavailable.ts"
import { Position } from "../values/Position.ts"
import type { Slice } from "../values/Slice.ts"
import type { TenantId } from "../values/TenantId.ts"
import type { UserId } from "../values/UserId.ts"
import { EventLog } from "./EventLog.ts"
import type { LogEntry, SlicePosition, UnreadableEvent } from "./RecordedEvent.ts"
import { sliceOf } from "./sliceOf.ts"
import { newestEvents } from "./statements/newestEvents.ts"
import { decodeUserEvent, type StoredUserEvent } from "./statements/readUserPage.ts"

/** Whose events: everybody's, a tenant's, or a user's of a tenant. */
export type Whose =
  | { readonly tenantId?: undefined; readonly userId?: undefined }
  | { readonly tenantId: TenantId; readonly userId?: UserId | undefined }

/** The end of the log. */
export interface Tail {
  /**
   * The newest events, newest first. One tenant's are looked for among the last `lookBack` events
   * of each slice; one user's are found however far back they are.
   */
  readonly newest: Stream.Stream<LogEntry, DatabaseUnavailable>
  /**
   * The events that came since the tail was opened, without an end, in order of position within a
   * slice. Run it after `newest`: what that has given is left out.
   */
  readonly later: Stream.Stream<LogEntry, DatabaseUnavailable>
}

/** The wait for something new, when there was nothing. */
const pollEvery = "400 millis"

/** Events of each slice, and bytes of all slices, that are read at a time. */
const page = { events: 200, bytes: 16 * 1024 * 1024 }

/** The newest events of the log, for somebody who watches it. */
export class LogTail extends Context.Service<LogTail, {
  /**
   * Opens the tail: each event of the selection from the `limit` newest on is given once, by
   * `newest` or by `later`.
   *
   * Fails with `DatabaseUnavailable`, as the streams do: opening it again is safe.
   */
  readonly open: (whose: Whose, limit: number) => Effect.Effect<Tail, DatabaseUnavailable>
}>()("playtally/event-log/LogTail") {
  static readonly layer = Layer.effect(
    LogTail,
    Effect.gen(function*() {
      const sql = yield* PgClient.PgClient
      const log = yield* EventLog

      const headsOf = ({ tenantId, userId }: Whose) =>
        Effect.map(
          sql<{ slice: Slice; position: bigint }>`select slice, position from slice_heads order by slice`,
          (heads) => {
            const slice = tenantId === undefined || userId === undefined ? undefined : sliceOf(tenantId, userId)
            return heads.filter((head) => slice === undefined || head.slice === slice)
              .map((head) => ({ slice: head.slice, position: Position(Number(head.position)) }))
          }
        )

      const newestOf = ({ tenantId, userId }: Whose, limit: number): Stream.Stream<LogEntry, DatabaseUnavailable> =>
        tenantId !== undefined && userId !== undefined
          ? newestOfUser({ tenantId, userId }, limit)
          : Stream.fromIterableEffect(
            Effect.gen(function*() {
              const places = yield* newestEvents(sql, tenantId, limit)
              const before = places.map(({ position, slice }) => ({ slice, position: Position(position - 1) }))
              const events = yield* log.read(before, { events: 1, bytes: page.bytes })
              return events.toSorted((a, b) => a.recordedAt - b.recordedAt).toReversed()
            }).pipe(unavailable("LogTail.newest"))
          )

      const newestOfUser = (user: { readonly tenantId: TenantId; readonly userId: UserId }, limit: number) =>
        Stream.flattenIterable(
          Stream.paginate({ before: Number.MAX_SAFE_INTEGER, left: limit }, ({ before, left }) =>
            Effect.map(log.readUserPage({ ...user, before, limit: left }), ({ events, isMore }) => {
              const last = events.at(-1)
              const next = { before: last?.position ?? 0, left: left - events.length }
              return [[events.map((stored) =>
                toEntry(user, stored)
              )], isMore && next.left > 0 ? Option.some(next) : Option.none()] as const
            }))
        )

      const laterThan = (whose: Whose, start: ReadonlyArray<SlicePosition>): Stream.Stream<LogEntry, DatabaseUnavailable> => {
        const read = new Map(start.map(({ position, slice }) => [slice, position]))
        const readOn = Effect.gen(function*() {
          const behind = (yield* headsOf(whose)).filter(({ position, slice }) => position > (read.get(slice) ?? 0))
          if (behind.length === 0) {
            yield* Effect.sleep(pollEvery)
            return []
          }
          const entries = yield* log.read(behind.map(({ slice }) => ({ slice, position: read.get(slice) ?? Position(0) })), page)
          for (const { position, slice } of entries) read.set(slice, position)
          return entries.filter((entry) => isOf(whose, entry))
        })
        return Stream.flattenIterable(Stream.fromEffectRepeat(unavailable("LogTail.later")(readOn)))
      }

      const open = Effect.fn("LogTail.open")(function*(whose: Whose, limit: number) {
        // The heads before the newest, so that no event falls between the two. What is in both is
        // given once.
        const heads = yield* unavailable("LogTail.open")(headsOf(whose))
        const given = new Set<string>()
        const newest = Stream.map(newestOf(whose, limit), (entry) => {
          given.add(placeOf(entry))
          return entry
        })
        return { newest, later: Stream.filter(laterThan(whose, heads), (entry) => !given.has(placeOf(entry))) }
      })
      return LogTail.of({ open })
    })
  )
}

const isOf = ({ tenantId, userId }: Whose, entry: LogEntry): boolean =>
  (tenantId === undefined || entry.tenantId === tenantId) && (userId === undefined || entry.userId === userId)

const placeOf = ({ position, slice }: SlicePosition): string => `${slice}/${position}`

const toEntry = (user: { readonly tenantId: TenantId; readonly userId: UserId }, stored: StoredUserEvent): LogEntry =>
  Result.match(decodeUserEvent(user, stored), {
    onSuccess: (event) => event,
    onFailure: (unreadable): UnreadableEvent => ({
      ...user,
      slice: stored.slice,
      position: stored.position,
      recordedAt: stored.recordedAt,
      event: null,
      type: stored.eventType,
      unreadable
    })
  })
