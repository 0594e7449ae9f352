import type { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { unavailable } from "../database/DatabaseUnavailable.ts"
import type { EventLog } from "../event-log/EventLog.ts"
import type { ProjectionCatalog } from "../projections/versions/ProjectionCatalog.ts"
import * as TenantDays from "../tenants/TenantDays.ts"
import type { TimeZoneChange, TimeZoneProgress } from "../time-zones/changeTimeZone.ts"
import { TimeZoneChanges } from "../time-zones/TimeZoneChanges.ts"
import { homeServer, slicesOf } from "./PartitionMap.ts"
import type { PartitionSet } from "./PartitionSet.ts"
import { inPartition } from "./PartitionUnavailable.ts"

/**
 * `TimeZoneChanges` over the partitions.
 *
 * First every partition gets a copy of the tenant, which it keeps from then on. Then home changes,
 * and then the others, side by side. So a tenant is as home says once no other copy differs. A call
 * that was stopped halfway is ended by the same call: what is done already is left alone.
 */
export const spreadTimeZoneChanges = (
  set: PartitionSet<TimeZoneChanges | ProjectionCatalog | EventLog | PgClient.PgClient>,
  home: PgClient.PgClient
): TimeZoneChanges["Service"] => {
  const change = Effect.fn("TimeZoneChanges.change")(
    function*({ onProgress, tenantId, ...to }: TimeZoneChange) {
      yield* unavailable("TimeZoneChanges.change")(set.knowTenant(tenantId))
      const slices = new Map(set.map().map((entry) => [entry.partition, slicesOf(entry).length]))
      const progress = new Map<number, TimeZoneProgress>()
      const shown = Effect.suspend(() => {
        const all = [...progress.values()]
        return onProgress({
          done: all.reduce((sum, { done }) => sum + done, 0),
          total: [...slices.values()].reduce((sum, own) => sum + own, 0),
          users: all.reduce((sum, { users }) => sum + users, 0)
        })
      })
      const changeAt = (which: "Home" | "Others") =>
        set.everywhere((services, { partition, server }) => {
          if ((server === homeServer) !== (which === "Home")) return Effect.succeed(false)
          const total = slices.get(partition) ?? 0
          const own = Context.get(services, TimeZoneChanges).change({
            tenantId,
            ...to,
            onProgress: (now) => {
              // What an earlier call has done counts too.
              progress.set(partition, { ...now, done: total - now.total + now.done })
              return shown
            }
          })
          return Effect.tap(own, () =>
            Effect.sync(() => {
              progress.set(partition, { done: total, total, users: progress.get(partition)?.users ?? 0 })
            }))
        })
      const atHome = yield* changeAt("Home")
      const isHomeAlone = set.map().every(({ server }) => server !== homeServer)
      const tenant = isHomeAlone ? yield* changeTenant(home, { tenantId, ...to }) : false
      const others = yield* changeAt("Others")
      return tenant || [...atHome, ...others].includes(true)
    },
    inPartition("TimeZoneChanges.change")
  )
  return TimeZoneChanges.of({ change })
}

/** Changes the tenant where no partition is: there is nothing to rebuild. */
const changeTenant = (home: PgClient.PgClient, { tenantId, timeZone, weekStart }: Omit<TimeZoneChange, "onProgress">) =>
  home.withTransaction(Effect.gen(function*() {
    const former = yield* TenantDays.hold(home, tenantId)
    yield* TenantDays.set(home, tenantId, { timeZone: timeZone ?? former.timeZone, weekStart: weekStart ?? former.weekStart })
    return (timeZone ?? former.timeZone) !== former.timeZone || (weekStart ?? former.weekStart) !== former.weekStart
  })).pipe(unavailable("TimeZoneChanges.change"))
