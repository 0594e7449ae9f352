import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type DatabaseUnavailable, unavailable } from "../database/DatabaseUnavailable.ts"
import { Migrations } from "../database/Migrations.ts"
import type { EventType } from "../fasttrack/FastTrackEvent.ts"
import { Position } from "../values/Position.ts"
import { Slice } from "../values/Slice.ts"
import type { TenantId } from "../values/TenantId.ts"
import type { UserId } from "../values/UserId.ts"
import type { SlicePosition } from "./RecordedEvent.ts"
import { sliceCount, sliceOf } from "./sliceOf.ts"
import {
  comparePlaces,
  eventAt,
  firstRecorded,
  type LogPlace,
  type Newest,
  newestOfTenant,
  type TenantEvent
} from "./statements/newestOfTenant.ts"

/** Which events a page has. */
export interface TenantPageOptions {
  /** Only events before this place, exclusively. */
  readonly before?: LogPlace | undefined
  readonly eventType?: EventType | undefined
  readonly limit: number
  /** The slices that are looked at, both included; all without it. */
  readonly slices?: readonly [first: Slice, last: Slice]
}

/** Some of a tenant's events, newest first. */
export interface TenantPage {
  readonly events: ReadonlyArray<TenantEvent>
  /** The place before which the next page begins; undefined at the beginning of the log. */
  readonly next: LogPlace | undefined
  /** Whether the page has `limit` events, or all there are. */
  readonly isFull: boolean
}

/**
 * How many events of each slice are looked at: first some, and more if these are not enough. The
 * events of all slices come evenly, as a rule.
 */
export const EventsLookedAt = Context.Reference<ReadonlyArray<number>>("playtally/event-log/EventsLookedAt", {
  defaultValue: () => [16, 400]
})

/**
 * The log of one tenant, for somebody who looks at it.
 *
 * Events of erased users are left out, and so are those of users whose erasure is under way. Each
 * method fails with `DatabaseUnavailable` if the database did not answer.
 */
export class TenantLog extends Context.Service<TenantLog, {
  /**
   * The newest events before a place, newest first.
   *
   * A bounded number of events is looked at. So a page of a rare kind, or of a small tenant in a
   * large log, may have fewer than `limit` events, or none, where there are more: it is not full
   * then, and `next` goes on.
   */
  readonly page: (tenantId: TenantId, options: TenantPageOptions) => Effect.Effect<TenantPage, DatabaseUnavailable>
  /** The event at a place; undefined if the tenant has none there. */
  readonly find: (tenantId: TenantId, place: SlicePosition) => Effect.Effect<TenantEvent | undefined, DatabaseUnavailable>
  /** When the first event of a user was recorded, in epoch milliseconds; undefined without one. */
  readonly beganAt: (tenantId: TenantId, userId: UserId) => Effect.Effect<number | undefined, DatabaseUnavailable>
}>()("playtally/event-log/TenantLog") {
  static readonly layer = Layer.effect(
    TenantLog,
    Effect.gen(function*() {
      yield* Migrations
      const sql = yield* PgClient.PgClient
      const looks = yield* EventsLookedAt
      return TenantLog.of({
        page: Effect.fn("TenantLog.page")(
          function*(tenantId, { before, eventType, limit, slices: [first, last] = [Slice(0), Slice(sliceCount - 1)] }) {
            let page: TenantPage = { events: [], next: undefined, isFull: true }
            for (const lookedAt of looks) {
              page = toPage(yield* newestOfTenant(sql, { tenantId, before, eventType, limit: limit + 1, lookedAt, first, last }), limit)
              if (page.isFull) break
            }
            return page
          },
          unavailable("TenantLog.page")
        ),
        find: (tenantId, { position, slice }) => unavailable("TenantLog.find")(eventAt(sql, { tenantId, slice, position })),
        beganAt: (tenantId, userId) =>
          unavailable("TenantLog.beganAt")(firstRecorded(sql, { tenantId, userId, slice: sliceOf(tenantId, userId) }))
      })
    })
  )
}

/** The events after which none is missing. */
const toPage = ({ events, unseen }: Newest, limit: number): TenantPage => {
  const sure = unseen === undefined ? events : events.filter(({ place }) => comparePlaces(place, unseen) > 0)
  const shown = sure.slice(0, limit)
  return sure.length > limit
    ? { events: shown, next: shown.at(-1)?.place, isFull: true }
    // The place itself was not looked at.
    : {
      events: shown,
      next: unseen === undefined ? undefined : { ...unseen, position: Position(unseen.position + 1) },
      isFull: unseen === undefined
    }
}

/**
 * Pages of several parts of a log as one. Each part has shown all that is not before its `next`.
 */
export const mergePages = (pages: ReadonlyArray<TenantPage>, limit: number): TenantPage => {
  const [bound] = pages.flatMap(({ next }) => next ?? []).sort((a, b) => comparePlaces(b, a))
  const sure = pages.flatMap(({ events }) => events)
    .filter(({ place }) => bound === undefined || comparePlaces(place, bound) >= 0)
    .sort((a, b) => comparePlaces(b.place, a.place))
  const events = sure.slice(0, limit)
  return { events, next: sure.length > limit ? events.at(-1)?.place : bound, isFull: bound === undefined || sure.length >= limit }
}
