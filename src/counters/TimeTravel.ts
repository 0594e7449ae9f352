import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type DatabaseUnavailable, unavailable } from "../database/DatabaseUnavailable.ts"
import type { LoggedEvent } from "../event-log/LoggedEvent.ts"
import { sliceOf } from "../event-log/sliceOf.ts"
import { type InFuture, UserHistory } from "../event-log/UserHistory.ts"
import { MemoryFold } from "../projections/MemoryFold.ts"
import type { AnyProjection } from "../projections/Projection.ts"
import { activeVersions } from "../projections/versions.ts"
import type { Tenant } from "../tenants/Tenant.ts"
import type { CountersDocument } from "./Counters.ts"
import { ProjectionBehind } from "./Snapshots.ts"

/** A user's counters as they were. */
export class TimeTravel extends Context.Service<TimeTravel, {
  /**
   * The document of what the log held at an instant (epoch milliseconds): the user's events recorded by then, folded by the projections that are active
   * today, in the tenant's zone of today, with that instant for "now". `position` is the last position of the user's slice then. A section whose fold
   * fails stops before that event and is named in `stale`; one that is not active yet is left out, or behind if the reader named it. Undefined if there was no event of the user yet.
   *
   * It reads the log itself, so it never lags behind, and takes time in proportion to the number of the user's events until then.
   */
  readonly read: (
    tenant: Tenant,
    userId: string,
    options: { readonly instant: number; readonly sections: ReadonlyArray<string>; readonly areNamed?: boolean }
  ) => Effect.Effect<CountersDocument | undefined, InFuture | ProjectionBehind | DatabaseUnavailable>
}>()("playtally/counters/TimeTravel") {
  static readonly layer = (projections: ReadonlyArray<AnyProjection>) =>
    Layer.effect(
      TimeTravel,
      Effect.gen(function*() {
        const sql = yield* PgClient.PgClient
        const history = yield* UserHistory

        const read: TimeTravel["Service"]["read"] = Effect.fn("TimeTravel.read")(
          function*(tenant, userId, { areNamed, instant, sections }) {
            const { tenantId, timeZone, weekStart } = tenant
            const part = { tenantId, userId, upTo: yield* history.headAt(sliceOf(tenantId, userId), instant) }
            if (!(yield* history.isAny(part))) return undefined

            const active = yield* activeVersions(sql).pipe(unavailable("TimeTravel.read"))
            const folds = sections.flatMap((section) =>
              projections
                .filter(({ name, version }) => name === section && active.get(name) === version)
                .map((projection) => ({ projection, fold: new MemoryFold(projection, { timeZone, weekStart }) }))
            )
            const unbuilt = areNamed === true ? 0 : sections.filter((section) => !active.has(section)).length
            if (folds.length === 0 || folds.length + unbuilt < sections.length) {
              return yield* new ProjectionBehind({ waited: 0 })
            }
            const stale = new Set<string>()
            const types = new Set(folds.flatMap(({ projection }) => projection.events))
            yield* history.forEach(part, [...types], (events) =>
              Effect.sync(() => {
                for (const { fold, projection: { name } } of folds) {
                  if (!stale.has(name) && !addUpToFailure(fold, events)) stale.add(name)
                }
              }))

            const context = { timeZone, now: instant }
            return {
              user_id: userId,
              time_zone: timeZone,
              position: part.upTo,
              ...Object.fromEntries(folds.map(({ fold, projection }) => [projection.name, fold.section(context)])),
              ...stale.size > 0 ? { stale: [...stale] } : {}
            }
          }
        )
        return TimeTravel.of({ read })
      })
    )
}

/** Adds the events before the first that the fold fails on; whether that is all of them. */
const addUpToFailure = (fold: MemoryFold, events: ReadonlyArray<LoggedEvent>): boolean => {
  try {
    fold.add(events.map(({ event }) => event))
    return true
  } catch {
    if (events.length === 1) return false
  }
  const half = events.length >> 1
  return addUpToFailure(fold, events.slice(0, half)) && addUpToFailure(fold, events.slice(half))
}
