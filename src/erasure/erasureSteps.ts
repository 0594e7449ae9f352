import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { sliceMoved } from "../event-log/EventLogError.ts"
import { requireServed } from "../event-log/statements/servedSlices.ts"
import { type ImportUnfinished, refuseUnfinished } from "../event-log/unfinishedImport.ts"
import * as Checkpoints from "../projections/feed/Checkpoints.ts"
import { forgetGenerations } from "../projections/feed/generations.ts"
import * as ParkedUsers from "../projections/feed/ParkedUsers.ts"
import * as TimeZoneMoves from "../time-zones/TimeZoneMoves.ts"
import { known } from "../values/known.ts"
import { Position } from "../values/Position.ts"
import type { Slice } from "../values/Slice.ts"
import type { TenantId } from "../values/TenantId.ts"
import type { UserId } from "../values/UserId.ts"
import { eraseRows } from "./eraseRows.ts"

/** Whose data goes, and what stands in the log instead. */
export interface Erased {
  readonly tenantId: TenantId
  readonly userId: UserId
  readonly slice: Slice
  readonly pseudonym: string
  readonly tag: number
}

/** What was removed, or that there was nothing. */
export interface ErasureReport {
  /** Events of the log that were emptied and given to the pseudonym. */
  readonly events: number
  /** Rows of projections, of all versions. */
  readonly rows: number
  /** Versions of projections in which the user was parked. */
  readonly parked: number
  /** Rejected items that named the user. */
  readonly rejected: number
  /** Whether the user was erased before this time. */
  readonly again: boolean
}

/** How far an erasure of several steps has come. */
export interface ErasureProgress {
  /** Events emptied so far. */
  readonly events: number
  /** The position of the user's slice up to which no event of the user is left. */
  readonly position: Position
  /** The slice's last position. */
  readonly head: Position
}

/** What one step has led to. */
export type Step =
  | { readonly _tag: "Ended"; readonly report: ErasureReport }
  | { readonly _tag: "UnderWay"; readonly progress: ErasureProgress }

/**
 * The steps of an erasure, each a transaction of at most `limit` events and of as many rows of each
 * table.
 */
export interface ErasureSteps {
  /**
   * The first step; of nearly every user the only one. Of an erasure that has begun already it says
   * how far that is.
   */
  readonly begin: (user: Erased, rejected: number) => Effect.Effect<Step, ImportUnfinished | SqlError.SqlError>
  /** The next step; undefined if there is none, as somebody else has taken the last one. */
  readonly goOn: (user: Erased) => Effect.Effect<Step | undefined, ImportUnfinished | SqlError.SqlError>
}

/**
 * Makes the steps on a client. A step holds the erasure's own row first, then the lock of all that
 * changes versions, then the checkpoints of the slice, then its head: see `Checkpoints.ts`.
 */
export const erasureSteps = (sql: PgClient.PgClient, limit: number): ErasureSteps => {
  // It waits behind a long chunk, but for no longer than a statement may take.
  const patiently = sql`select set_config('lock_timeout', '25s', true)`

  /** No version comes, goes or starts over meanwhile, and nobody writes rows of the slice. */
  const holdSlice = Effect.fnUntraced(function*(slice: Slice) {
    yield* sql`select pg_advisory_xact_lock(hashtext('playtally projections'))`
    yield* Checkpoints.holdSliceAndRaise(sql, slice)
    // A slice that moves takes its checkpoints along: what is held here is all that there is.
    yield* requireServed(sql, slice)
  })

  /**
   * Removes what notes the user's id beside rows and events; says in how many versions the user was
   * parked.
   */
  const forget = Effect.fnUntraced(function*({ slice, tenantId, userId }: Erased) {
    const parked = yield* ParkedUsers.removeUser(sql, { tenantId, userId })
    yield* forgetGenerations(sql, { tenantId, userId })
    yield* TimeZoneMoves.forgetUser(sql, { slice, tenantId, userId })
    return parked
  })

  const eraseEvents = Effect.fnUntraced(function*({ pseudonym, slice, tag, tenantId, userId }: Erased, after: bigint) {
    const [row] = yield* sql<{ events_erased: bigint; reached: bigint; is_last: boolean | null }>`
      select events_erased, reached, is_last from erase_user(
        ${tenantId}::uuid, ${slice}::smallint, ${userId}, ${pseudonym}, ${tag}::int, ${after}::bigint, ${limit}::int)`
    const step = known(row, "the row of erase_user")
    // There was no head to lock: all that this transaction has done is undone.
    return step.is_last === null ? yield* sliceMoved : { ...step, is_last: step.is_last }
  })

  const progressOf = Effect.fnUntraced(function*({ slice, tenantId, userId }: Erased) {
    const [row] = yield* sql<{ events: bigint; position: bigint; head: bigint }>`
      select e.events, e.position, h.position as head from unfinished_erasures as e join slice_heads as h using (slice)
      where e.tenant_id = ${tenantId}::uuid and e.user_id = ${userId}`
    if (row === undefined) {
      yield* requireServed(sql, slice)
      return yield* Effect.die(new Error(`an erasure in slice ${slice} that is under way has no row`))
    }
    const progress: ErasureProgress = {
      events: Number(row.events),
      position: Position(Number(row.position)),
      head: Position(Number(row.head))
    }
    return { _tag: "UnderWay", progress } as const
  })

  return {
    begin: Effect.fnUntraced(function*(user, rejected) {
      const { pseudonym, slice, tenantId, userId } = user
      yield* patiently
      yield* refuseUnfinished(sql)
      yield* holdSlice(slice)
      const [before] = yield* sql<{ is_begun: boolean; again: boolean }>`
        select
          exists (select from unfinished_erasures where tenant_id = ${tenantId}::uuid and user_id = ${userId}) as is_begun,
          exists (select from erased_users where tenant_id = ${tenantId}::uuid and pseudonym = ${pseudonym}) as again`
      const { again, is_begun } = known(before, "whether an erasure has begun")
      if (is_begun) return yield* progressOf(user)
      const parked = yield* forget(user)
      // Those who rank users wait from here on.
      const { isMore, rows } = yield* eraseRows(sql, user, limit)
      // The head comes last, as senders wait for it.
      const { events_erased, is_last, reached } = yield* eraseEvents(user, 0n)
      if (is_last && !isMore) return { _tag: "Ended", report: { events: Number(events_erased), rows, parked, rejected, again } } as const
      yield* sql`
        insert into unfinished_erasures (tenant_id, user_id, slice, position, rows_left, again, events, rows, parked, rejected)
        values (${tenantId}::uuid, ${userId}, ${slice}, ${reached}, ${isMore}, ${again}, ${events_erased}, ${BigInt(rows)}, ${
        BigInt(parked)
      }, ${BigInt(rejected)})`
      return yield* progressOf(user)
    }, sql.withTransaction),

    goOn: Effect.fnUntraced(function*(user) {
      const { slice, tenantId, userId } = user
      yield* patiently
      yield* refuseUnfinished(sql)
      const [found] = yield* sql<{
        position: bigint
        rows_left: boolean
        again: boolean
        events: bigint
        rows: bigint
        parked: bigint
        rejected: bigint
      }>`
        select position, rows_left, again, events, rows, parked, rejected from unfinished_erasures
        where tenant_id = ${tenantId}::uuid and user_id = ${userId} for update`
      if (found === undefined) return undefined
      if (found.rows_left) {
        const { isMore, rows } = yield* eraseRows(sql, user, limit)
        yield* sql`
          update unfinished_erasures set rows = rows + ${BigInt(rows)}, rows_left = ${isMore}, moved_at = clock_timestamp()
          where tenant_id = ${tenantId}::uuid and user_id = ${userId}`
        return yield* progressOf(user)
      }
      const [head] = yield* sql<{ position: bigint }>`select position from slice_heads where slice = ${slice}`
      // What may be the last step holds the checkpoints: nobody has read what it erases and has yet
      // to write rows of it.
      if (head === undefined) return yield* sliceMoved
      const isNearEnd = head.position - found.position <= BigInt(limit)
      if (isNearEnd) yield* holdSlice(slice)
      const { events_erased, is_last, reached } = yield* eraseEvents(user, found.position)
      if (!isNearEnd || !is_last) {
        yield* sql`
          update unfinished_erasures set events = events + ${events_erased}, position = ${reached}, moved_at = clock_timestamp()
          where tenant_id = ${tenantId}::uuid and user_id = ${userId}`
        return yield* progressOf(user)
      }
      // There is something if a release feeds the projections that knows of no steps.
      const parked = yield* forget(user)
      const { rows } = yield* eraseRows(sql, user, 20 * limit)
      yield* sql`delete from unfinished_erasures where tenant_id = ${tenantId}::uuid and user_id = ${userId}`
      const report: ErasureReport = {
        events: Number(found.events + events_erased),
        rows: Number(found.rows) + rows,
        parked: Number(found.parked) + parked,
        rejected: Number(found.rejected),
        again: found.again
      }
      return { _tag: "Ended", report } as const
    }, sql.withTransaction)
  }
}
