import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { DatabaseUnavailable } from "../database/DatabaseUnavailable.ts"
import { userRef } from "../event-log/pseudonym.ts"
import { Breather } from "../platform/Breather.ts"
import type { ReadRow } from "../projections/projection/Section.ts"
import type { ProjectionStore } from "../projections/tables/ProjectionStore.ts"
import { ProjectionCatalog } from "../projections/versions/ProjectionCatalog.ts"
import type { Tenant } from "../tenants/Tenant.ts"
import { known } from "../values/known.ts"
import { Position } from "../values/Position.ts"
import type { TenantId } from "../values/TenantId.ts"
import { UserId } from "../values/UserId.ts"
import { type Consistency, ConsistentReads, ProjectionBehind, type ProjectionFailing, type ProjectionParked } from "./ConsistentReads.ts"
import { ProjectionNotBuilt } from "./ProjectionNotBuilt.ts"
import type { TooManyReads } from "./ReadShares.ts"
import { maxRows, TooManyRows, viewOf } from "./TooManyRows.ts"

/**
 * A user's counters (docs/design.md#counters), with the requested sections under their names.
 *
 * - `position`: the position of the user's slice that the counters reflect.
 * - `ref`: stands for the user in the feed of changes once the id is erased.
 * - `generations`: for each section, when its numbers last changed without an event.
 */
export type CountersDocument =
  & {
    readonly user_id: UserId
    readonly ref: string
    readonly time_zone: string
    readonly position: Position
    readonly generations: Readonly<Record<string, number>>
    readonly stale?: ReadonlyArray<string>
  }
  & { readonly [section: string]: unknown }

export interface CountersOptions {
  readonly sections: ReadonlyArray<string>
  /** Set if the reader named the sections and needs each of these. */
  readonly areNamed?: boolean
  readonly consistency: Consistency
}

/** The counters of users, which the engine reads. */
export class Counters extends Context.Service<Counters, {
  /**
   * The sections that a document can have, in their order.
   *
   * They are the names of the projections that have no document of their own.
   */
  readonly sections: ReadonlyArray<string>
  /**
   * The documents of the users who have events, in the order asked. A user named twice has one.
   *
   * All documents are of one moment, see {@link ConsistentReads}. A section is left out if its
   * projection must be rebuilt for the first time, or if this process's code cannot run it. At most
   * {@link maxRowsInAll} rows are read.
   *
   * - `TooManyRows`: a section has more than {@link maxRows} rows of one user, or the users have
   *   more than {@link maxRowsInAll} rows together.
   * - `ProjectionNotBuilt`: a section that was named, or every section, must be rebuilt for the
   *   first time.
   * - `ProjectionFailing`: this process's code cannot run a section that was named, or any section.
   * - `ProjectionBehind`, `ProjectionParked`, `TooManyReads`, `DatabaseUnavailable`: see
   *   {@link ConsistentReads}. `ProjectionBehind` also where another process has activated a
   *   version that this code does not know.
   */
  readonly read: (
    tenant: Tenant,
    userIds: ReadonlyArray<UserId>,
    options: CountersOptions
  ) => Effect.Effect<
    ReadonlyArray<CountersDocument>,
    TooManyRows | ProjectionBehind | ProjectionNotBuilt | ProjectionParked | ProjectionFailing | TooManyReads | DatabaseUnavailable
  >
}>()("playtally/counters/Counters") {
  static readonly layer = Layer.effect(
    Counters,
    Effect.gen(function*() {
      const reads = yield* ConsistentReads
      const { shown } = yield* ProjectionCatalog

      const read = Effect.fn("Counters.read")(function*(
        tenant: Tenant,
        userIds: ReadonlyArray<UserId>,
        { areNamed, consistency, sections }: CountersOptions
      ) {
        const found = yield* reads.read(
          tenant,
          { userIds, projections: sections, consistency, mayLack: areNamed !== true },
          Effect.fnUntraced(function*(moment) {
            const { failing, stores, unbuilt, userIds } = moment
            if (userIds.length === 0) return { ...moment, rows: [] }
            if (areNamed === true ? unbuilt.length > 0 : unbuilt.length === sections.length) {
              return yield* new ProjectionNotBuilt({ projections: unbuilt })
            }
            const isWhole = stores.length + (areNamed === true ? 0 : unbuilt.length + failing.length) === sections.length
            if (stores.length === 0 || !isWhole) return yield* new ProjectionBehind({ waited: 0 })
            return { ...moment, rows: yield* readRows(tenant.tenantId, stores, userIds) }
          })
        )
        const { generationsOf, parkedIn, positionOf, rows, stores, timeZoneOf, weekStartOf } = found
        const now = yield* Clock.currentTimeMillis
        const breather = new Breather()
        const documents: Array<CountersDocument> = []
        for (const userId of found.userIds) {
          const stale = parkedIn(userId)
          const timeZone = timeZoneOf(userId)
          const context = { timeZone, weekStart: weekStartOf(userId), now }
          const own: Record<string, unknown> = {}
          for (const [at, { projection }] of stores.entries()) {
            own[projection.name] = projection.section.present(known(rows[at], "rows of a store").get(userId) ?? [], context)
            if (breather.isDue) yield* breather.rest
          }
          documents.push({
            user_id: userId,
            ref: userRef(tenant.keyNamespace, userId),
            time_zone: timeZone,
            position: Position(positionOf(userId)),
            generations: generationsOf(userId),
            ...own,
            ...stale.length > 0 ? { stale } : {}
          })
        }
        return documents
      })
      return Counters.of({ sections: shown, read })
    })
  )
}

/** The most rows of all users and sections that are read together. */
export const maxRowsInAll = 15_000

/**
 * The most rows of one statement. The process does nothing else while it takes the rows out of the
 * driver's buffer.
 */
const maxRowsAtOnce = 3 * maxRows

/** The rows of each store, by user, in the caller's transaction. */
const readRows = Effect.fnUntraced(function*(tenantId: TenantId, stores: ReadonlyArray<ProjectionStore>, userIds: ReadonlyArray<UserId>) {
  const rows: Array<ReadonlyMap<string, ReadonlyArray<ReadRow>>> = []
  let left = maxRowsInAll
  for (const store of stores) {
    const read = yield* readStore(store, { tenantId, userIds, left })
    for (const [userId, own] of read) {
      if (own.length > maxRows) return yield* tooManyOfUser(store.projection.name, UserId(userId))
      left -= own.length
    }
    if (left < 0) return yield* tooManyInAll(store.projection.name)
    rows.push(read)
  }
  return rows
})

/**
 * The rows of one store, by user.
 *
 * If a user has too many rows, or all users together, it gives one more than there may be.
 */
const readStore = Effect.fnUntraced(function*(
  store: ProjectionStore,
  { left, tenantId, userIds }: { readonly tenantId: TenantId; readonly userIds: ReadonlyArray<UserId>; readonly left: number }
) {
  const ofUser = maxRows + 1
  // For nearly all batches this one statement is enough.
  const some = yield* store.read(tenantId, userIds, { ofUser, inAll: Math.min(left, maxRowsAtOnce) + 1 })
  if (userIds.length === 1 || countOf(some) <= Math.min(left, maxRowsAtOnce)) return some
  const all = new Map<string, ReadonlyArray<ReadRow>>()
  for (let start = 0, count = 0; start < userIds.length && count <= left; start += 3) {
    const read = yield* store.read(tenantId, userIds.slice(start, start + 3), { ofUser, inAll: left - count + 1 })
    for (const [userId, own] of read) all.set(userId, own)
    count += countOf(read)
  }
  return all
})

const countOf = (rows: ReadonlyMap<string, ReadonlyArray<ReadRow>>): number => {
  let count = 0
  for (const own of rows.values()) count += own.length
  return count
}

/** The error for a section of one user with too many rows. */
export const tooManyOfUser = (section: string, userId: UserId) =>
  new TooManyRows({
    section,
    limit: maxRows,
    detail: `User ${JSON.stringify(userId)} has more than ${maxRows} rows in it. Name other sections in include, or read the SQL view ${
      viewOf(section)
    }.`
  })

const tooManyInAll = (section: string) =>
  new TooManyRows({
    section,
    limit: maxRowsInAll,
    detail: `The users have more than ${maxRowsInAll} rows together. Ask for fewer users, or read the SQL view ${viewOf(section)}.`
  })
