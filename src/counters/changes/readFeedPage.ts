import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SlicePosition } from "../../event-log/RecordedEvent.ts"
import { sliceOf } from "../../event-log/sliceOf.ts"
import { userPositions } from "../../event-log/statements/positionRanges.ts"
import { usersAfter, type UsersPage } from "../../event-log/statements/tenantUsers.ts"
import { erasuresAfter } from "../../event-log/statements/toldErasures.ts"
import { type Generation, generationsBetween } from "../../projections/feed/generations.ts"
import type { Tenant } from "../../tenants/Tenant.ts"
import { compareUtf8 } from "../../values/compareUtf8.ts"
import { known } from "../../values/known.ts"
import { Position } from "../../values/Position.ts"
import type { Slice } from "../../values/Slice.ts"
import type { UserId } from "../../values/UserId.ts"
import { type FeedPlace, type FeedState, nothingTold } from "./FeedPlace.ts"
import { eventCount, type LogOffset, rangesBetween, shortened } from "./LogOffset.ts"

/**
 * A user whose counters may have changed, and a position of the user's slice that the counters have
 * reached.
 */
export interface Change {
  readonly user_id: UserId
  readonly slice: Slice
  readonly position: Position
}

/** An erased user, by the `ref` that the user's documents had. */
export interface ErasedChange {
  readonly ref: string
  readonly slice: Slice
}

/**
 * What the log still has of a history that has ended: positions of its slices, and generations.
 *
 * A reader's document of a later position or generation may count what is lost.
 */
export interface Kept {
  readonly generation: number
  readonly slices: ReadonlyArray<SlicePosition>
}

/** What there is to tell after a place, and the place to go on from. */
export interface FeedPage {
  /** Undefined unless the log has begun another history since the place. */
  readonly kept: Kept | undefined
  readonly erased: ReadonlyArray<ErasedChange>
  /** Each user once. */
  readonly changes: ReadonlyArray<Change>
  readonly next: FeedPlace
}

/**
 * What a tenant's reader is told after a place, up to a state: at most `limit` users.
 *
 * `isMore` says that the page does not reach the state. The page looks at a bounded number of
 * events and users, however many there are. Erasures come first, every one before any user. So a
 * user who is told later was not erased by these, or is known again.
 */
export const readFeedPage = Effect.fnUntraced(function*(
  sql: PgClient.PgClient,
  tenant: Tenant,
  { limit, place, state }: { readonly place: FeedPlace; readonly state: FeedState; readonly limit: number }
) {
  const erasures = place.erasure < state.erasure ? yield* erasuresAfter(sql, tenant.tenantId, place.erasure, limit) : []
  const erased = erasures.map(({ ref, slice }): ErasedChange => ({ ref, slice }))
  const lastErasure = erasures.at(-1)?.erasure ?? place.erasure
  if (erasures.length === limit) {
    return { erased, changes: [], next: { ...place, erasure: lastErasure }, isMore: true }
  }
  const room = limit - erased.length
  const walk = yield* walkOf(sql, tenant, { place, state })
  // New events do not wait for the end of a long walk, and the walk goes on whatever happens.
  const events = yield* eventsPage(sql, tenant, {
    after: place.positions,
    upTo: state.positions,
    limit: walk.scope === undefined ? room : room >> 1
  })
  const told = new Map(events.changes.map((change) => [change.user_id, change]))
  const users = yield* walkPage(sql, tenant, { walk, limit: room - told.size })
  for (const userId of users.userIds) {
    const slice = sliceOf(tenant.tenantId, userId)
    if (!told.has(userId)) told.set(userId, { user_id: userId, slice, position: known(state.positions[slice], "position of a slice") })
  }
  const next: FeedPlace = {
    lineage: place.lineage,
    positions: events.next,
    erasure: Math.max(state.erasure, lastErasure),
    ...users.next === undefined
      ? { generation: walk.upTo }
      : { generation: place.generation, walk: { upTo: walk.upTo, after: users.next } }
  }
  const isMore = next.walk !== undefined || next.generation < state.generation ||
    eventCount(rangesBetween(next.positions, state.positions)) > 0
  return { erased, changes: [...told.values()], next, isMore }
})

/** The users that a walk tells: all, those of some slices, and single ones. */
interface Scope {
  readonly everybody: boolean
  readonly slices: ReadonlySet<Slice>
  readonly userIds: ReadonlySet<UserId>
}

interface Walk {
  /** A generation. */
  readonly upTo: number
  readonly after: string
  /** Undefined if the walk tells nobody. */
  readonly scope: Scope | undefined
}

/**
 * The current walk, or the next one.
 *
 * Its scope is that of the generations that are still there. A generation that has gone since has a
 * newer one in its place, which the next walk tells.
 */
const walkOf = Effect.fnUntraced(function*(
  sql: PgClient.PgClient,
  tenant: Tenant,
  { place: { generation, walk }, state }: { readonly place: FeedPlace; readonly state: FeedState }
) {
  const { after, upTo } = walk ?? { after: "", upTo: Math.max(state.generation, generation) }
  if (generation === nothingTold) {
    return { upTo, after, scope: { everybody: true, slices: new Set(), userIds: new Set() } } satisfies Walk
  }
  const found = upTo > generation ? yield* generationsBetween(sql, tenant.tenantId, { after: generation, upTo }) : []
  return { upTo, after, scope: found.length === 0 ? undefined : scopeOf(found) } satisfies Walk
})

const scopeOf = (generations: ReadonlyArray<Generation>): Scope => ({
  everybody: generations.some(({ slice }) => slice === null),
  slices: new Set(generations.flatMap(({ slice, userId }) => slice === null || userId !== null ? [] : [slice])),
  userIds: new Set(generations.flatMap(({ userId }) => userId ?? []))
})

/** Users that one page of a walk looks at for those of some slices. */
const looked = 2000

const walkPage = Effect.fnUntraced(function*(
  sql: PgClient.PgClient,
  { tenantId }: Tenant,
  { limit, walk: { after, scope } }: { readonly walk: Walk; readonly limit: number }
) {
  if (scope === undefined) return { userIds: [], next: undefined } satisfies UsersPage
  if (scope.everybody) return yield* usersAfter(sql, tenantId, after, limit)
  if (scope.slices.size === 0) {
    const left = [...scope.userIds].filter((userId) => compareUtf8(userId, after) > 0).sort(compareUtf8)
    return { userIds: left.slice(0, limit), next: left.length <= limit ? undefined : left[limit - 1] } satisfies UsersPage
  }
  const { next, userIds } = yield* usersAfter(sql, tenantId, after, Math.max(looked, limit))
  const meant = userIds.filter((userId) => scope.slices.has(sliceOf(tenantId, userId)) || scope.userIds.has(userId))
  return (meant.length <= limit ? { userIds: meant, next } : { userIds: meant.slice(0, limit), next: meant[limit - 1] }) satisfies UsersPage
})

/** The users of a tenant with events after a place, up to another. */
const eventsPage = Effect.fnUntraced(function*(
  sql: PgClient.PgClient,
  tenant: Tenant,
  { after, limit, upTo }: { readonly after: LogOffset; readonly upTo: LogOffset; readonly limit: number }
) {
  const ranges = limit === 0 ? [] : shortened(rangesBetween(after, upTo), 1000 + 4 * limit)
  const events = Map.groupBy(ranges.length === 0 ? [] : yield* userPositions(sql, tenant.tenantId, ranges), ({ slice }) => slice)
  const changes: Array<Change> = []
  const next = [...after]
  // The slices with the most to tell come first. A slice that waits for the next page grows, and
  // gets its turn.
  for (const { slice, upTo } of ranges.toSorted((a, b) => b.upTo - b.after - (a.upTo - a.after))) {
    const users = new Map<UserId, Position>()
    next[slice] = upTo
    for (const { position, userId } of events.get(slice) ?? []) {
      if (!users.has(userId) && changes.length + users.size === limit) {
        next[slice] = Position(position - 1)
        break
      }
      users.set(userId, position)
    }
    for (const [user_id, position] of users) changes.push({ user_id, slice, position })
  }
  return { changes, next }
})
