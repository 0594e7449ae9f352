import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FiberMap from "effect/FiberMap"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Semaphore from "effect/Semaphore"
import { SqlError } from "effect/sql"
import { classifySqlError } from "../database/classifySqlError.ts"
import { type DatabaseUnavailable, unavailable } from "../database/DatabaseUnavailable.ts"
import { HomeClient } from "../database/HomeClient.ts"
import { ownLead } from "../database/Leads.ts"
import { Migrations } from "../database/Migrations.ts"
import { pseudonymOf, tagOf, tagStart } from "../event-log/pseudonym.ts"
import { sliceOf } from "../event-log/sliceOf.ts"
import type { ImportUnfinished } from "../event-log/unfinishedImport.ts"
import { eraseRejected } from "../ingest/rejected/eraseRejected.ts"
import { forgetUser } from "../jobs/forgetUser.ts"
import type { Tenant } from "../tenants/Tenant.ts"
import type { TenantId } from "../values/TenantId.ts"
import type { UserId } from "../values/UserId.ts"
import { type Erased, type ErasureProgress, type ErasureReport, erasureSteps, type Step } from "./erasureSteps.ts"

/** What an erasure needs to know of a tenant. */
type Brand = Pick<Tenant, "tenantId" | "name" | "keyNamespace">

const isEmpty = ({ events, parked, rejected, rows }: ErasureReport): boolean => events + parked + rejected + rows === 0

/** Whether nothing at all was known of the user, neither now nor before. */
export const isUnknown = (report: ErasureReport): boolean => !report.again && isEmpty(report)

/** The most events, and the most rows of each table of a projection, that one step takes. */
export const ErasureStep = Context.Reference<number>("playtally/erasure/ErasureStep", { defaultValue: () => 5000 })

/** After this many seconds without a step, an erasure was left by a process that has gone. */
const abandonedAfter = 60

/** How many of those a process takes up in one look. */
const takenUp = 10

/** Removes users' personal data. */
export class UserErasure extends Context.Service<UserErasure, {
  /**
   * Removes what is known of a user, for good: events keep their places and keys and nothing else,
   * under a pseudonym that is the same each time; rows of all versions of projections, parked users
   * and rejected items are gone. A resend of an erased event is a duplicate, and a new event of
   * that id begins a new user.
   *
   * For nearly every user that is one transaction. A user with a long history is erased in steps,
   * one transaction of some thousand events each. The first step notes the erasure under the
   * checkpoints of the user's slice, whose epochs it raises. From then on every reader and every
   * feed passes over the user's events, new ones too, which are erased with the others. The last
   * step holds the checkpoints again. No step holds the head of the slice longer than some hundred
   * events take.
   *
   * A second call, in any process, takes further steps of an erasure that is under way, or that a
   * process has left which died. `onProgress` is called after each step but the last.
   */
  readonly erase: (
    tenant: Brand,
    userId: UserId,
    onProgress?: (progress: ErasureProgress) => void
  ) => Effect.Effect<ErasureReport, ImportUnfinished | DatabaseUnavailable>
  /**
   * Erases a user in a fiber of the service's own, once for all who ask at the same time, and waits
   * for it for a while: what has not ended by then goes on. Without progress it has not begun:
   * somebody holds what the first step needs.
   */
  readonly eraseWithin: (
    tenant: Brand,
    userId: UserId,
    patience: Duration.Input
  ) => Effect.Effect<
    { readonly _tag: "Ended"; readonly report: ErasureReport } | {
      readonly _tag: "UnderWay"
      readonly progress: ErasureProgress | undefined
    },
    ImportUnfinished | DatabaseUnavailable
  >
  /**
   * Goes on in the background with erasures that nobody has taken a step of for a minute, and says
   * how many it has found. It leaves them to the process that leads the partition.
   */
  readonly takeUp: Effect.Effect<number, DatabaseUnavailable>
}>()("playtally/erasure/UserErasure") {
  static readonly layer = Layer.effect(
    UserErasure,
    Effect.gen(function*() {
      yield* Migrations
      const sql = yield* PgClient.PgClient
      const steps = erasureSteps(sql, yield* ErasureStep)
      // A process takes one step at a time: who waits here holds no connection, and a long history
      // lets others in between its steps.
      const turns = Semaphore.makeUnsafe(1)

      const inTurn = <A, E extends { readonly _tag: string }>(step: Effect.Effect<A, E | SqlError.SqlError>) =>
        Effect.retry(turns.withPermit(step), {
          while: (error) => SqlError.isSqlError(error) && classifySqlError(error)._tag === "Transient",
          schedule: Schedule.spaced("200 millis").pipe(Schedule.upTo({ duration: "10 seconds" }))
        })
      const home = (yield* HomeClient) ?? sql
      const removeRejected = ({ tenantId, userId }: Erased) => inTurn(eraseRejected(home, tenantId, userId))

      const erase = Effect.fn("UserErasure.erase")(
        function*({ keyNamespace, name, tenantId }: Brand, userId: UserId, onProgress: (progress: ErasureProgress) => void = () => {}) {
          const user: Erased = {
            tenantId,
            userId,
            slice: sliceOf(tenantId, userId),
            pseudonym: pseudonymOf(keyNamespace, userId),
            tag: tagOf(tagStart(keyNamespace), userId)
          }
          const removeNamed = inTurn(forgetUser(home, user))
          yield* removeNamed
          const rejected = yield* removeRejected(user)
          const begin = inTurn(steps.begin(user, rejected))
          let step: Step | undefined = yield* begin
          let events: number | undefined
          while (step?._tag !== "Ended") {
            if (step === undefined) {
              // Somebody else has taken the last step, or the database has lost those that were
              // taken: who begins again finds nothing left, or all of it.
              step = yield* begin
              continue
            }
            onProgress(step.progress)
            ;({ progress: { events } } = step)
            step = yield* inTurn(steps.goOn(user))
          }
          // What was refused while it took its time.
          const since = events === undefined ? 0 : yield* removeRejected(user)
          // What a job that began before has found meanwhile.
          yield* removeNamed
          const report = {
            ...step.report,
            // Where somebody else has taken the last step, as many as had been erased before it.
            events: Math.max(step.report.events, events ?? 0),
            rejected: step.report.rejected + since
          }
          if (isEmpty(report)) return report
          // Who it was is what nobody is to know any more.
          yield* Effect.logInfo("A user was erased").pipe(Effect.annotateLogs({ tenant: name, slice: user.slice, ...report }))
          return report
        },
        unavailable("UserErasure.erase")
      )

      const running = yield* FiberMap.make<string, ErasureReport, ImportUnfinished | DatabaseUnavailable>()
      const progress = new Map<string, ErasureProgress>()
      const keyOf = ({ tenantId }: Brand, userId: UserId) => `${tenantId}/${userId}`
      const start = (tenant: Brand, userId: UserId) =>
        Effect.suspend(() => {
          const key = keyOf(tenant, userId)
          const erasing = erase(tenant, userId, (now) => progress.set(key, now)).pipe(
            Effect.tapError((error) =>
              Effect.logWarning("An erasure has stopped, and goes on later").pipe(
                Effect.annotateLogs({ tenant: tenant.name, error: error._tag })
              )
            ),
            Effect.ensuring(Effect.sync(() => progress.delete(key)))
          )
          return Option.match(FiberMap.getUnsafe(running, key), {
            onSome: (fiber) => Effect.succeed(fiber),
            onNone: () => FiberMap.run(running, key, erasing)
          })
        })

      const eraseWithin: UserErasure["Service"]["eraseWithin"] = Effect.fn("UserErasure.eraseWithin")(function*(tenant, userId, patience) {
        const report = yield* Effect.timeoutOption(Fiber.join(yield* start(tenant, userId)), patience)
        return Option.isSome(report)
          ? { _tag: "Ended", report: report.value } as const
          : { _tag: "UnderWay", progress: progress.get(keyOf(tenant, userId)) } as const
      })

      const leads = yield* ownLead
      const takeUp = Effect.gen(function*() {
        if (!leads()) return 0
        const left = yield* sql<{ tenant_id: TenantId; name: string; key_namespace: string; user_id: UserId }>`
          select t.tenant_id, t.name, t.key_namespace, e.user_id from unfinished_erasures as e join tenants as t using (tenant_id)
          where e.moved_at < clock_timestamp() - make_interval(secs => ${abandonedAfter}::float8)
          order by e.began_at limit ${takenUp}`
        for (const { key_namespace, name, tenant_id, user_id } of left) {
          yield* start({ tenantId: tenant_id, name, keyNamespace: key_namespace }, user_id)
        }
        return left.length
      }).pipe(unavailable("UserErasure.takeUp"))

      return UserErasure.of({ erase, eraseWithin, takeUp })
    })
  )

  /** Looks now and then, as long as the service runs, for erasures that were left. */
  static readonly layerTakingUp = Layer.effectDiscard(
    Effect.gen(function*() {
      const { takeUp } = yield* UserErasure
      yield* Effect.forkScoped(Effect.repeat(Effect.ignore(takeUp), Schedule.spaced(`${abandonedAfter / 2} seconds`)))
    })
  )
}
