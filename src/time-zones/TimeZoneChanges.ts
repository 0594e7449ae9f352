import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type DatabaseUnavailable, unavailable } from "../database/DatabaseUnavailable.ts"
import { EventLog } from "../event-log/EventLog.ts"
import { ProjectionCatalog } from "../projections/versions/ProjectionCatalog.ts"
import { changeTimeZone, type TimeZoneChange, type TimeZoneChangeRefused } from "./changeTimeZone.ts"

/** The changes of when the tenants' days and weeks begin. */
export class TimeZoneChanges extends Context.Service<TimeZoneChanges, {
  /**
   * Gives a tenant another zone or first day of the week, and rebuilds the rows that depend on it.
   *
   * Readers and feeds go on meanwhile. Each user lives in one zone at any moment, and no document
   * mixes two. It succeeds with false if the tenant has that zone and that day already. A call that
   * was stopped halfway goes on where it was when it is repeated.
   *
   * - `TimeZoneChangeRefused`: the database has a version that this code does not know, and whose
   *   rows it therefore cannot rebuild. What was rebuilt before stays.
   * - `DatabaseUnavailable`: the change stands where it is. Repeat the call.
   */
  readonly change: (change: TimeZoneChange) => Effect.Effect<boolean, TimeZoneChangeRefused | DatabaseUnavailable>
}>()("playtally/time-zones/TimeZoneChanges") {
  static readonly layer: Layer.Layer<TimeZoneChanges, never, PgClient.PgClient | EventLog | ProjectionCatalog> = Layer.effect(
    TimeZoneChanges,
    Effect.gen(function*() {
      const source = { sql: yield* PgClient.PgClient, log: yield* EventLog }
      const { stores } = yield* ProjectionCatalog
      const change = Effect.fn("TimeZoneChanges.change")(
        (change: TimeZoneChange) => changeTimeZone(source, stores, change),
        unavailable("TimeZoneChanges.change")
      )
      return TimeZoneChanges.of({ change })
    })
  )
}
