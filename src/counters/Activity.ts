import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Breather } from "../Breather.ts"
import type { DatabaseUnavailable } from "../database/DatabaseUnavailable.ts"
import { activity, type DailyActivity, type Product } from "../projections/catalog/activity.ts"
import { compareUtf8 } from "../projections/compareUtf8.ts"
import { formatDay, parseDay } from "../projections/dayRuns.ts"
import { addDecimals } from "../projections/decimalArithmetic.ts"
import { type Granularity, periodOf } from "../projections/period.ts"
import type { Tenant } from "../tenants/Tenant.ts"
import type { TooManyReads } from "./ReadShares.ts"
import { type Consistency, ProjectionBehind, type ProjectionParked, Snapshots } from "./Snapshots.ts"
import { TooManyRows, viewOf } from "./TooManyRows.ts"

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
  /**
   * Undefined for a user without events. A period that reaches beyond `from` or `to` is cut there. More than {@link maxDailyRows} rows of a date, product
   * and currency are refused, whatever the granularity.
   */
  readonly read: (
    tenant: Tenant,
    userId: string,
    options: Options
  ) => Effect.Effect<ActivityDocument | undefined, TooManyRows | ProjectionBehind | ProjectionParked | TooManyReads | DatabaseUnavailable>
}>()("playtally/counters/Activity") {
  static readonly layer = Layer.effect(
    Activity,
    Effect.gen(function*() {
      const snapshots = yield* Snapshots
      const read = Effect.fn("Activity.read")(function*(tenant: Tenant, userId: string, { consistency, ...range }: Options) {
        const found = yield* snapshots.read(
          tenant,
          [userId],
          { projections: [activity.name], consistency },
          Effect.fnUntraced(function*({ parkedIn, stores: [store], timeZoneOf, userIds }) {
            if (userIds.length === 0) return undefined
            // The version is being built.
            if (store === undefined) return yield* new ProjectionBehind({ waited: 0 })
            const days = [formatDay(range.from), formatDay(range.to)] as const
            const rows = yield* store.readRanges(tenant.tenantId, userId, [days], maxDailyRows + 1)
            if (rows.length > maxDailyRows) return yield* tooManyRows
            return { rows, section: store.projection.section, stale: parkedIn(userId), timeZone: timeZoneOf(userId) }
          })
        )
        if (found === undefined) return undefined
        const { rows, section, stale, timeZone } = found
        const breather = new Breather()
        const periods = new Periods(range, tenant.weekStart)
        for (let start = 0; start < rows.length; start += stretch) {
          // It is the section of the activity, whatever its version.
          periods.add(
            section.present(rows.slice(start, start + stretch), { timeZone, now: 0 }) as ReadonlyArray<DailyActivity>
          )
          if (breather.isDue) yield* breather.rest
        }
        return {
          time_zone: timeZone,
          periods: periods.inOrder(),
          ...stale.length > 0 ? { stale } : {}
        } satisfies ActivityDocument
      })
      return Activity.of({ read })
    })
  )
}

/** Most rows that are read: a user active each day for ten years with each product has 18,300 in one currency. */
export const maxDailyRows = 20_000
/** Rows between two looks at the clock. */
const stretch = 100

const tooManyRows = Effect.fail(
  new TooManyRows({
    section: activity.name,
    limit: maxDailyRows,
    detail: `There are more than ${maxDailyRows} rows of a date, product and currency. Ask for fewer dates, or read the SQL view ${
      viewOf(activity.name)
    }.`
  })
)

interface Period {
  readonly from: string
  readonly to: string
  readonly product: Product
  readonly currency: string | null
  figures: DailyActivity["figures"]
}

/** Adds up the days of each period, per product and currency. */
class Periods {
  private readonly periods = new Map<string, Period>()
  private readonly range: Omit<Options, "consistency">
  private readonly weekStart: number

  constructor(range: Omit<Options, "consistency">, weekStart: number) {
    this.range = range
    this.weekStart = weekStart
  }

  add(days: ReadonlyArray<DailyActivity>): void {
    const { from, granularity, to } = this.range
    for (const { currency, date, figures, product } of days) {
      const [first, last] = periodOf(parseDay(date) ?? from, granularity, this.weekStart)
      const start = formatDay(Math.max(first, from))
      const key = JSON.stringify([start, product, currency])
      const known = this.periods.get(key)
      if (known === undefined) this.periods.set(key, { from: start, to: formatDay(Math.min(last, to)), product, currency, figures })
      else known.figures = Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, sum(known.figures[name] ?? 0, value)]))
    }
  }

  inOrder(): ReadonlyArray<ActivityPeriod> {
    return [...this.periods.values()]
      .sort((a, b) => compareUtf8(a.from, b.from) || compareUtf8(a.product, b.product) || compareUtf8(a.currency ?? "", b.currency ?? ""))
      .map(({ figures, ...period }) => ({ ...period, ...figures }))
  }
}

const sum = (a: number | string, b: number | string): number | string =>
  typeof a === "number" && typeof b === "number" ? a + b : addDecimals(String(a), String(b))
