import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { DatabaseUnavailable } from "../database/DatabaseUnavailable.ts"
import { Breather } from "../platform/Breather.ts"
import { activity, type DailyActivity, type Product } from "../projections/catalog/activity.ts"
import type { ReadRow } from "../projections/projection/Section.ts"
import type { ProjectionStore, UserRef } from "../projections/tables/ProjectionStore.ts"
import type { Tenant } from "../tenants/Tenant.ts"
import { compareUtf8 } from "../values/compareUtf8.ts"
import { formatDay, parseDay } from "../values/dayRuns.ts"
import { addDecimals } from "../values/decimalArithmetic.ts"
import { type Granularity, periodOf } from "../values/period.ts"
import type { UserId } from "../values/UserId.ts"
import { type Consistency, ConsistentReads, ProjectionBehind, type ProjectionFailing, type ProjectionParked } from "./ConsistentReads.ts"
import { ProjectionNotBuilt } from "./ProjectionNotBuilt.ts"
import type { TooManyReads } from "./ReadShares.ts"
import { TooManyRows, viewOf } from "./TooManyRows.ts"

/**
 * What a user did in a period with a product in a currency, with the fields of the product.
 *
 * Dates are `YYYY-MM-DD`, both included.
 */
export type ActivityPeriod =
  & { readonly from: string; readonly to: string; readonly product: Product; readonly currency: string | null }
  & { readonly [field: string]: number | string | null }

/**
 * A user's activity (docs/design.md#reading), in order of (from, product, currency).
 *
 * Periods without activity are left out.
 */
export interface ActivityDocument {
  readonly time_zone: string
  readonly generations: Readonly<Record<string, number>>
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

/** The activity of users by day, week or month. */
export class Activity extends Context.Service<Activity, {
  /**
   * The document; undefined for a user without events.
   *
   * A period that reaches beyond `from` or `to` is cut there.
   *
   * - `TooManyRows`: there are more than {@link maxDailyRows} rows of a date, product and currency,
   *   whatever the granularity.
   * - `ProjectionNotBuilt`: the projection must be rebuilt for the first time.
   * - The errors of {@link ConsistentReads}. `ProjectionBehind` also where another process has
   *   activated a version that this code does not know.
   */
  readonly read: (
    tenant: Tenant,
    userId: UserId,
    options: Options
  ) => Effect.Effect<
    ActivityDocument | undefined,
    TooManyRows | ProjectionBehind | ProjectionNotBuilt | ProjectionParked | ProjectionFailing | TooManyReads | DatabaseUnavailable
  >
}>()("playtally/counters/Activity") {
  static readonly layer = Layer.effect(
    Activity,
    Effect.gen(function*() {
      const reads = yield* ConsistentReads
      const read = Effect.fn("Activity.read")(function*(tenant: Tenant, userId: UserId, { consistency, ...range }: Options) {
        const found = yield* reads.read(
          tenant,
          { userIds: [userId], projections: [activity.name], consistency },
          Effect.fnUntraced(function*({ generationsOf, parkedIn, stores: [store], timeZoneOf, unbuilt, userIds, weekStartOf }) {
            if (userIds.length === 0) return undefined
            if (unbuilt.length > 0) return yield* new ProjectionNotBuilt({ projections: unbuilt })
            // Another process has activated a version that this code does not know.
            if (store === undefined) return yield* new ProjectionBehind({ waited: 0 })
            const rows = yield* readDays(store, { tenantId: tenant.tenantId, userId }, range)
            return {
              rows,
              section: store.projection.section,
              generations: generationsOf(userId),
              stale: parkedIn(userId),
              timeZone: timeZoneOf(userId),
              weekStart: weekStartOf(userId)
            }
          })
        )
        if (found === undefined) return undefined
        const { generations, rows, section, stale, timeZone, weekStart } = found
        const breather = new Breather()
        const periods = new Periods(range, weekStart)
        for (let start = 0; start < rows.length; start += stretch) {
          // The section is that of the activity, whatever its version.
          periods.add(
            section.present(rows.slice(start, start + stretch), { timeZone, now: 0 }) as ReadonlyArray<DailyActivity>
          )
          if (breather.isDue) yield* breather.rest
        }
        return {
          time_zone: timeZone,
          generations,
          periods: yield* periods.inOrder(breather),
          ...stale.length > 0 ? { stale } : {}
        } satisfies ActivityDocument
      })
      return Activity.of({ read })
    })
  )
}

/**
 * The most rows that are read.
 *
 * A user who is active on each day of ten years with each product has 18,300 in one currency.
 */
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

  inOrder(breather: Breather): Effect.Effect<ReadonlyArray<ActivityPeriod>> {
    const sorted = [...this.periods.values()]
      .sort((a, b) => compareUtf8(a.from, b.from) || compareUtf8(a.product, b.product) || compareUtf8(a.currency ?? "", b.currency ?? ""))
    return Effect.gen(function*() {
      const shown: Array<ActivityPeriod> = []
      for (const { figures, ...period } of sorted) {
        shown.push({ ...period, ...figures })
        if (breather.isDue) yield* breather.rest
      }
      return shown
    })
  }
}

/**
 * The most rows of one statement. The process does nothing else while it takes the rows out of the
 * driver's buffer.
 */
const maxRowsAtOnce = 3000

/**
 * The user's rows of some dates, in order.
 *
 * It runs as many statements of the caller's transaction as it needs.
 */
const readDays = Effect.fnUntraced(
  function*(store: ProjectionStore, { tenantId, userId }: UserRef, { from, to }: Pick<Options, "from" | "to">) {
    const last = formatDay(to)
    const all: Array<ReadRow> = []
    for (let first = formatDay(from);;) {
      const some = yield* store.readRanges(tenantId, userId, [[first, last]], maxRowsAtOnce + 1)
      const cut = some.length > maxRowsAtOnce ? String(some.at(-1)?.["date"]) : undefined
      if (cut === first) {
        // One date alone has more rows than a statement gives.
        const whole = yield* store.readRanges(tenantId, userId, [[first, first]], maxDailyRows + 1)
        for (const row of whole) all.push(row)
        first = formatDay((parseDay(first) ?? to) + 1)
      } else {
        // The rows of the last date may not be complete.
        for (const row of some) if (row["date"] !== cut) all.push(row)
        if (cut === undefined) return all
        first = cut
      }
      if (all.length > maxDailyRows) return yield* tooManyRows
      if (first > last) return all
    }
  }
)

const sum = (a: number | string, b: number | string): number | string =>
  typeof a === "number" && typeof b === "number" ? a + b : addDecimals(String(a), String(b))
