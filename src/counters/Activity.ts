import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { DatabaseUnavailable } from "../database/DatabaseUnavailable.ts"
import { activity, type DailyActivity, type Product } from "../projections/catalog/activity.ts"
import { compareUtf8 } from "../projections/compareUtf8.ts"
import { formatDay, parseDay } from "../projections/dayRuns.ts"
import { addDecimals } from "../projections/decimalArithmetic.ts"
import { type Granularity, periodOf } from "../projections/period.ts"
import type { Tenant } from "../tenants/Tenant.ts"
import { type Consistency, ProjectionBehind, type ProjectionParked, Snapshots } from "./Snapshots.ts"

/** What a user did in a period with a product in a currency: the fields of the product beside these. Dates are `YYYY-MM-DD`, both included. */
export type ActivityPeriod =
  & { readonly from: string; readonly to: string; readonly product: Product; readonly currency: string | null }
  & { readonly [field: string]: number | string | null }

/** A user's activity (design §3), in order of (from, product, currency); periods without any are left out. */
export interface ActivityDocument {
  readonly time_zone: string
  readonly periods: ReadonlyArray<ActivityPeriod>
  readonly stale?: ReadonlyArray<string>
}

interface Options {
  /** Days since 1970-01-01, both included. */
  readonly from: number
  readonly to: number
  readonly granularity: Granularity
  readonly consistency: Consistency
}

/** What users did day by day, week by week or month by month. */
export class Activity extends Context.Service<Activity, {
  /** Undefined for a user without events. A period that reaches beyond `from` or `to` is cut there. */
  readonly read: (
    tenant: Tenant,
    userId: string,
    options: Options
  ) => Effect.Effect<ActivityDocument | undefined, ProjectionBehind | ProjectionParked | DatabaseUnavailable>
}>()("playtally/counters/Activity") {
  static readonly layer = Layer.effect(
    Activity,
    Effect.gen(function*() {
      const snapshots = yield* Snapshots
      const read = Effect.fn("Activity.read")((tenant: Tenant, userId: string, { consistency, ...range }: Options) =>
        snapshots.read(
          tenant,
          [userId],
          { projections: [activity.name], consistency },
          Effect.fnUntraced(function*({ parkedIn, stores: [store], timeZoneOf, userIds }) {
            if (userIds.length === 0) return undefined
            // The version is being built.
            if (store === undefined) return yield* new ProjectionBehind({ waited: 0 })
            const rows = yield* store.readRanges(tenant.tenantId, userId, [[formatDay(range.from), formatDay(range.to)]])
            const timeZone = timeZoneOf(userId)
            // It is the section of the activity, whatever its version.
            const days = store.projection.section.present(rows, { timeZone, now: 0 }) as ReadonlyArray<DailyActivity>
            const stale = parkedIn(userId)
            return {
              time_zone: timeZone,
              periods: together(days, range, tenant.weekStart),
              ...stale.length > 0 ? { stale } : {}
            } satisfies ActivityDocument
          })
        )
      )
      return Activity.of({ read })
    })
  )
}

/** Adds up the days of each period, per product and currency. */
const together = (
  days: ReadonlyArray<DailyActivity>,
  { from, granularity, to }: Omit<Options, "consistency">,
  weekStart: number
): ReadonlyArray<ActivityPeriod> => {
  const periods = new Map<
    string,
    { from: string; to: string; product: Product; currency: string | null; figures: DailyActivity["figures"] }
  >()
  for (const { currency, date, figures, product } of days) {
    const [first, last] = periodOf(parseDay(date) ?? from, granularity, weekStart)
    const start = formatDay(Math.max(first, from))
    const key = JSON.stringify([start, product, currency])
    const known = periods.get(key)
    if (known === undefined) periods.set(key, { from: start, to: formatDay(Math.min(last, to)), product, currency, figures })
    else known.figures = Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, sum(known.figures[name] ?? 0, value)]))
  }
  return [...periods.values()]
    .sort((a, b) => compareUtf8(a.from, b.from) || compareUtf8(a.product, b.product) || compareUtf8(a.currency ?? "", b.currency ?? ""))
    .map(({ figures, ...period }) => ({ ...period, ...figures }))
}

const sum = (a: number | string, b: number | string): number | string =>
  typeof a === "number" && typeof b === "number" ? a + b : addDecimals(String(a), String(b))
