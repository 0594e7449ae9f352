import type { PgClient } from "@effect/sql-pg"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { requireServed } from "../../event-log/statements/servedSlices.ts"
import type { FastTrackEvent } from "../../fasttrack/FastTrackEvent.ts"
import { Position } from "../../values/Position.ts"
import type { Slice } from "../../values/Slice.ts"
import type { TenantId } from "../../values/TenantId.ts"
import type { UserId } from "../../values/UserId.ts"
import * as Checkpoints from "../feed/Checkpoints.ts"
import type { FeedSource } from "../feed/feedChunk.ts"
import { foldContexts } from "../feed/foldContexts.ts"
import * as ParkedUsers from "../feed/ParkedUsers.ts"
import { MemoryFold } from "../fold/MemoryFold.ts"
import type { ReadContext } from "../projection/FoldContext.ts"
import type { ReadRow } from "../projection/Section.ts"
import { ownerId, type ProjectionStore, type UserRef } from "../tables/ProjectionStore.ts"
import { maxRowsOfUser } from "./compareSections.ts"
import { isFailing, sectionOf } from "./SectionComparison.ts"
import { sectionDifferences } from "./sectionDifferences.ts"

/**
 * A user whose rows or section are not what the log says. `row` names the row by its key, or says
 * `section`, `column` then being a path in it.
 */
export interface Difference extends UserRef {
  readonly row: string
  readonly column: string
  readonly stored: string | null
  readonly expected: string | null
}

/** How a slice was found. */
export interface VerifiedSlice {
  readonly slice: Slice
  readonly events: number
  readonly users: number
  readonly parked: number
  readonly differences: ReadonlyArray<Difference>
}

/** The most that is read at a time. */
const page = { events: 10_000, bytes: 10 * 1024 * 1024 }
/** Users whose rows are read together, and users folded before other fibers get a turn. */
const stride = 100
/**
 * How often rows of the slice may be changed meanwhile, by anything but the feed. After that, the
 * checkpoint is held from the start.
 */
const maxStarts = 3

/**
 * Folds a slice of the log in memory, beside the live rows, and compares. It compares every row of
 * every user of the slice, and the section that readers get, with a fold that has never seen a
 * table. The last page is folded, and the rows are read, while the slice's checkpoint is held: both
 * are of one position. Parked users are counted and left out. It keeps the rows of the slice's
 * users in memory, and a page of events.
 */
export const verifySlice = (
  source: FeedSource,
  store: ProjectionStore,
  slice: Slice
): Effect.Effect<VerifiedSlice, SqlError.SqlError> =>
  Effect.gen(function*() {
    const { sql } = source
    for (let start = 1;; start++) {
      const fold = new SliceFold(source, store, slice)
      const known = yield* Checkpoints.find(sql, store.projection, slice)
      if (start <= maxStarts) yield* fold.upTo(known?.position ?? 0)
      const verified = yield* sql.withTransaction(Effect.gen(function*() {
        const [held] = yield* Checkpoints.hold(sql, [store.projection], [slice])
        // After an erasure or a change of zone, what has been folded is not what the log or the
        // rows say.
        if (start <= maxStarts && held?.epoch !== known?.epoch) return undefined
        // A version that was removed has no checkpoint: nothing is folded.
        if (held === undefined) yield* requireServed(sql, slice)
        const end = held?.position ?? 0
        yield* fold.upTo(end)
        return yield* fold.compared(end)
      }))
      if (verified !== undefined) return verified
    }
  })

interface FoldedUser extends UserRef {
  /** Undefined once an event could not be folded. */
  fold: MemoryFold | undefined
  problem: string | undefined
}

/** The users of a slice, folded in memory from the log's beginning on. */
class SliceFold {
  private readonly source: FeedSource
  private readonly store: ProjectionStore
  private readonly slice: Slice
  private readonly users = new Map<string, FoldedUser>()
  private position = 0

  constructor(source: FeedSource, store: ProjectionStore, slice: Slice) {
    this.source = source
    this.store = store
    this.slice = slice
  }

  upTo(end: number): Effect.Effect<void, SqlError.SqlError> {
    return Effect.whileLoop({
      while: () => this.position < end,
      body: () => this.nextPage(end),
      step: () => {}
    })
  }

  private readonly nextPage = Effect.fnUntraced(function*(this: SliceFold, end: number) {
    const types: ReadonlyArray<string> = this.store.projection.events
    const read = yield* this.source.log.read([{ slice: this.slice, position: Position(this.position) }], {
      ...page,
      events: Math.min(page.events, end - this.position)
    })
    // A gap would be waited for without end: `events verify` finds it.
    if (read.length === 0) return yield* Effect.die(new Error(`slice ${this.slice} has nothing after position ${this.position}`))
    const events = new Map<string, Array<FastTrackEvent>>()
    const newcomers: Array<UserRef> = []
    for (const logged of read) {
      this.position = logged.position
      if (logged.event === null && logged.unreadable === undefined) continue
      const id = ownerId(logged)
      const { tenantId, userId } = logged
      const user = this.users.get(id) ?? { tenantId, userId, fold: undefined, problem: undefined }
      if (!this.users.has(id)) {
        this.users.set(id, user)
        newcomers.push(user)
      }
      if (logged.event === null) {
        if (types.includes(logged.type)) user.problem ??= `position ${logged.position} cannot be read: ${logged.unreadable}`
      } else if (types.includes(logged.event.event)) {
        const own = events.get(id)
        if (own === undefined) events.set(id, [logged.event])
        else own.push(logged.event)
      }
    }
    const contextOf = yield* foldContexts(this.source.sql, newcomers.map(({ tenantId }) => ({ tenantId, slice: this.slice })))
    for (const user of newcomers) {
      const known = this.users.get(ownerId(user))
      if (known !== undefined) known.fold = new MemoryFold(this.store.projection, contextOf({ ...user, slice: this.slice }))
    }
    let folded = 0
    for (const [id, own] of events) {
      if (++folded % stride === 0) yield* Effect.yieldNow
      const user = this.users.get(id)
      if (user === undefined || user.problem !== undefined) continue
      try {
        user.fold?.add(own)
      } catch (error) {
        user.problem = String(error)
        user.fold = undefined
      }
    }
  })

  /** In the transaction that holds the checkpoint. */
  readonly compared = Effect.fnUntraced(function*(this: SliceFold, end: number) {
    const { slice, source: { sql }, store, users } = this
    const parked = yield* ParkedUsers.inSlice(sql, store.projection, slice)
    for (const user of parked) users.delete(ownerId(user))
    const differences: Array<Difference> = []
    const now = yield* Clock.currentTimeMillis
    const contextOf = yield* foldContexts(sql, [...users.values()].map(({ tenantId }) => ({ tenantId, slice })))
    for (const tenantId of new Set([...users.values()].map((user) => user.tenantId))) {
      const ofTenant = [...users.values()].filter((user) => user.tenantId === tenantId)
      for (let at = 0; at < ofTenant.length; at += stride) {
        const some = ofTenant.slice(at, at + stride)
        const rows = yield* store.read(tenantId, some.map(({ userId }) => userId))
        for (const { fold, problem, userId } of some) {
          if (problem !== undefined) differences.push({ tenantId, userId, row: "", column: "", stored: "not parked", expected: problem })
          else {
            const context = { timeZone: contextOf({ tenantId, userId, slice }).timeZone, now }
            differences.push(...compare(store, { tenantId, userId }, context, rows.get(userId) ?? [], fold?.rows() ?? []))
          }
        }
      }
    }
    return { slice, events: end, users: users.size, parked: parked.length, differences } satisfies VerifiedSlice
  })
}

/** Users who have rows of a version but no events in the log. */
export const rowsWithoutEvents = (
  sql: PgClient.PgClient,
  { tables }: ProjectionStore
): Effect.Effect<ReadonlyArray<UserRef>, SqlError.SqlError> =>
  Effect.map(
    Effect.forEach(tables.names, (name) =>
      sql.unsafe<{ tenant_id: TenantId; user_id: UserId }>(`
        select distinct tenant_id, user_id from ${name} as t
        where not exists (select from events e where e.tenant_id = t.tenant_id and e.user_id = t.user_id)`)),
    (tables) => tables.flat().map((row) => ({ tenantId: row.tenant_id, userId: row.user_id }))
  )

const compare = (
  { projection, tables: { compared } }: ProjectionStore,
  { tenantId, userId }: UserRef,
  context: ReadContext,
  stored: ReadonlyArray<ReadRow>,
  expected: ReadonlyArray<ReadRow>
): ReadonlyArray<Difference> => {
  const byKey = (rows: ReadonlyArray<ReadRow>) => new Map(rows.map((row) => [JSON.stringify(compared.key.map((name) => row[name])), row]))
  const [before, after] = [byKey(stored), byKey(expected)]
  const text = (value: unknown) => value === undefined ? null : JSON.stringify(value)
  const ofRows = [...new Set([...before.keys(), ...after.keys()])].flatMap((row) =>
    compared.columns.flatMap(([column]) => {
      const [is, should] = [text(before.get(row)?.[column]), text(after.get(row)?.[column])]
      return is === should ? [] : [{ tenantId, userId, row, column, stored: is, expected: should }]
    })
  )
  // Where rows differ, the section does too. Nobody reads a section of more rows.
  if (ofRows.length > 0 || stored.length > maxRowsOfUser) return ofRows
  const [shown, meant] = [sectionOf(projection, stored, context), sectionOf(projection, expected, context)]
  if (isFailing(shown)) return [{ tenantId, userId, row: "section", column: "", stored: shown, expected: null }]
  return sectionDifferences(projection.section.schema.ast, shown, meant).map(({ after, at, before }) => ({
    tenantId,
    userId,
    row: "section",
    column: at,
    stored: before,
    expected: after
  }))
}
