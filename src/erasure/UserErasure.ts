import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Semaphore from "effect/Semaphore"
import { type DatabaseUnavailable, unavailable } from "../database/DatabaseUnavailable.ts"
import { failureOf } from "../database/failureOf.ts"
import { Migrations } from "../database/Migrations.ts"
import { erasedType, pseudonymOf, tagOf, tagStart } from "../event-log/pseudonym.ts"
import { sliceOf } from "../event-log/sliceOf.ts"
import { type ImportUnfinished, refuseUnfinished } from "../event-log/unfinishedImport.ts"
import { eraseRejected } from "../ingest/eraseRejected.ts"
import type { Tenant } from "../tenants/Tenant.ts"
import { eraseRows } from "./eraseRows.ts"

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

const isEmpty = ({ events, parked, rejected, rows }: ErasureReport): boolean => events + parked + rejected + rows === 0

/** Whether nothing at all was known of the user, neither now nor before. */
export const isUnknown = (report: ErasureReport): boolean => !report.again && isEmpty(report)

/** Removes users' personal data. */
export class UserErasure extends Context.Service<UserErasure, {
  /**
   * Removes what is known of a user, for good, in one transaction: events keep their places and keys and nothing else, under a pseudonym that is the
   * same each time; rows of all versions of projections, parked users and rejected items are gone. A resend of an erased event is a duplicate, and a
   * new event of that id begins a new user.
   *
   * It holds the user's slice: the checkpoints of all versions, whose epochs are raised, and then, for moments, the head, so that no append waits for a
   * projection or a long history. Whatever folded the user's events before has been written by then and is removed, and whatever folds afterwards finds none. Done to the
   * same user at once or again, it does what is left to do.
   */
  readonly erase: (tenant: Tenant, userId: string) => Effect.Effect<ErasureReport, ImportUnfinished | DatabaseUnavailable>
}>()("playtally/erasure/UserErasure") {
  static readonly layer = Layer.effect(
    UserErasure,
    Effect.gen(function*() {
      yield* Migrations
      const sql = yield* PgClient.PgClient
      // The database erases one user at a time: those who wait here hold no connection.
      const turns = Semaphore.makeUnsafe(1)

      const attempt = Effect.fnUntraced(function*({ keyNamespace, tenantId }: Tenant, userId: string) {
        const user = { tenantId, userId }
        const slice = sliceOf(tenantId, userId)
        const pseudonym = pseudonymOf(keyNamespace, userId)
        // It takes the time it needs, be it behind a long chunk or with a long history.
        yield* sql`select set_config('lock_timeout', '30s', true), set_config('statement_timeout', '0', true)`
        yield* refuseUnfinished(sql)
        // No version comes, goes or begins anew meanwhile, nor is anybody else erased.
        yield* sql`select pg_advisory_xact_lock(hashtext('playtally projections'))`
        yield* sql`select from checkpoints where slice = ${slice} order by slice, projection, version for update`
        yield* sql`update checkpoints set epoch = epoch + 1 where slice = ${slice}`
        const [before] = yield* sql<{ again: boolean }>`
          select exists (select from erased_users where tenant_id = ${tenantId}::uuid and pseudonym = ${pseudonym}) as again`
        const rejected = yield* eraseRejected(sql, tenantId, userId)
        const parked = yield* sql`delete from parked_users where tenant_id = ${tenantId}::uuid and user_id = ${userId} returning 1 as gone`
        // A change of the tenant's zone may have stopped at this user: it goes on from the one before.
        yield* sql`
          update time_zone_moves as m set moved_up_to = coalesce((
            select max(e.user_id) from events e
            where e.slice = m.slice and e.tenant_id = m.tenant_id and e.user_id < m.moved_up_to and e.event_type <> ${erasedType}
          ), '')
          where tenant_id = ${tenantId}::uuid and slice = ${slice} and moved_up_to = ${userId}`
        // Those who rank users wait from here on.
        const rows = yield* eraseRows(sql, user)
        // The head comes last, as senders wait for it.
        const [erased] = yield* sql<{ events: bigint }>`
          select erase_user(${tenantId}::uuid, ${slice}::smallint, ${userId}, ${pseudonym}, ${
          tagOf(tagStart(keyNamespace), userId)
        }::int) as events`
        const events = Number(erased?.events ?? 0)
        return { events, rows, parked: parked.length, rejected, again: before?.again === true }
      }, sql.withTransaction)

      const erase = Effect.fn("UserErasure.erase")(function*(tenant: Tenant, userId: string) {
        const report = yield* turns.withPermit(attempt(tenant, userId)).pipe(
          Effect.retry({
            while: (error) => error._tag === "SqlError" && failureOf(error)._tag === "Transient",
            schedule: Schedule.spaced("200 millis").pipe(Schedule.upTo({ duration: "10 seconds" }))
          }),
          unavailable("UserErasure.erase")
        )
        if (isEmpty(report)) return report
        // Who it was is what nobody is to know any more.
        yield* Effect.logInfo("A user was erased").pipe(
          Effect.annotateLogs({ tenant: tenant.name, slice: sliceOf(tenant.tenantId, userId), ...report })
        )
        return report
      })
      return UserErasure.of({ erase })
    })
  )
}
