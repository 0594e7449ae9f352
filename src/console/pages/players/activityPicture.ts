import { scaleQuantize } from "d3-scale"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { Activity, type ActivityDocument, type ActivityPeriod } from "../../../counters/Activity.ts"
import type { Tenant } from "../../../tenants/Tenant.ts"
import { formatDay, parseDay } from "../../../values/dayRuns.ts"
import type { UserId } from "../../../values/UserId.ts"
import { grouped, inWords } from "../../markup/figure.ts"
import { type Html, html } from "../../markup/html.ts"
import { inReadShare } from "../../requests/readingProblems.ts"
import { noSuchPlayer } from "./player.ts"

/** The activity of a year, day by day. Days are counted since 1970-01-01. */
export interface YearOfActivity {
  readonly from: number
  readonly to: number
  readonly isNewest: boolean
  readonly document: ActivityDocument
}

const millisecondsOfDay = 86_400_000
/** 53 weeks. */
const daysShown = 371

/** Reads the activity of the year that ends with the date of a query, else with today. */
export const readActivity = Effect.fnUntraced(function*(tenant: Tenant, userId: UserId, query: URLSearchParams) {
  const today = dayIn(tenant.timeZone, yield* Clock.currentTimeMillis)
  const asked = parseDay(query.get("until") ?? "")
  const to = asked === undefined || asked > today ? today : asked
  const from = to - daysShown + 1
  const { read } = yield* Activity
  const document = yield* inReadShare(tenant)(
    read(tenant, userId, { from, to, granularity: "day", consistency: { _tag: "Eventual" } })
  )
  return { from, to, isNewest: to === today, document: document ?? (yield* noSuchPlayer(userId)) } satisfies YearOfActivity
})

/** The date in a zone, in days since 1970-01-01. */
const dayIn = (timeZone: string, now: number): number =>
  parseDay(new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" }).format(now)) ??
    Math.floor(now / millisecondsOfDay)

interface Day {
  readonly day: number
  readonly count: number
  readonly says: string
}

const cellSize = 13
const left = 30
const top = 18
const weekdays = ["Mon", "", "Wed", "", "Fri", "", ""]
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

/** A calendar in which each day is the darker the more the player did, and the same as a table. */
export const activityPicture = (path: string, { document: { periods, stale }, from, isNewest, to }: YearOfActivity): Html => {
  const days = daysOf(periods)
  const most = Math.max(1, ...days.values().map(({ count }) => count))
  const level = scaleQuantize([0, most], [1, 2, 3, 4])
  const column = (day: number) => Math.floor((day - from + mondaysBefore(from)) / 7)
  const cells = Array.from({ length: to - from + 1 }, (_, index) => from + index)
  const total = days.values().reduce((sum, { count }) => sum + count, 0)
  const title = `Activity from ${formatDay(from)} to ${formatDay(to)}: ${grouped(total)} on ${grouped(days.size)} days`
  const width = left + (column(to) + 1) * cellSize
  return html`${stale === undefined ? undefined : html`<p class="problem">Parked: the activity stopped at an event of the player.</p>`}
<div class="calendar panel"><svg class="chart" viewBox="0 0 ${width} ${
    top + 7 * cellSize
  }" role="img" aria-label="${title}"><title>${title}</title>
${weekdays.map((name, index) => html`<text x="0" y="${top + index * cellSize + 10}">${name}</text>`)}
${monthLabels(cells, column).map(({ at, name }) => html`<text x="${left + at * cellSize}" y="11">${name}</text>`)}
${
    cells.map((day) => {
      const found = days.get(day)
      return html`<rect x="${left + column(day) * cellSize}" y="${top + weekdayOf(day) * cellSize}" width="${cellSize - 2}" height="${
        cellSize - 2
      }" rx="2" class="day level-${found === undefined ? 0 : level(found.count)}"><title>${formatDay(day)}: ${
        found === undefined ? "nothing" : found.says
      }</title></rect>`
    })
  }</svg></div>
<p class="links">${
    days.size === 0 ? html`<span class="note">Nothing was counted between ${formatDay(from)} and ${formatDay(to)}.</span> ` : undefined
  }<a href="${path}?until=${formatDay(from - 1)}#activity">Earlier</a>${
    isNewest ? undefined : html` <a href="${path}?until=${formatDay(to + daysShown)}#activity">Later</a>`
  }</p>
${days.size === 0 ? undefined : table(days)}`
}

const table = (days: ReadonlyMap<number, Day>): Html =>
  html`<details><summary>The same as a table</summary><div class="wide"><table>
<thead><tr><th scope="col">Date</th><th scope="col" class="number">Counted</th><th scope="col">What</th></tr></thead><tbody>${
    [...days.values()].toReversed().map(({ count, day, says }) =>
      html`<tr><th scope="row">${formatDay(day)}</th><td class="number">${grouped(count)}</td><td>${says}</td></tr>`
    )
  }</tbody></table></div></details>`

/** What was counted on each day, in order. Counts alone are added up: amounts are of currencies. */
const daysOf = (periods: ReadonlyArray<ActivityPeriod>): ReadonlyMap<number, Day> => {
  const byDay = Map.groupBy(periods, ({ from }) => parseDay(from) ?? 0)
  return new Map([...byDay].map(([day, own]) => {
    const counts = own.flatMap((period) =>
      Object.entries(period).flatMap(([name, value]) =>
        name.endsWith("_count") && typeof value === "number" && value > 0 ? [{ product: period.product, name, value }] : []
      )
    )
    const named = Map.groupBy(counts, ({ name, product }) => product === "logins" ? "logins" : `${inWords(product)} ${nounOf(name)}`)
    const says = [...named].map(([name, own]) => `${name} ${grouped(own.reduce((sum, { value }) => sum + value, 0))}`).join(", ")
    return [day, { day, count: counts.reduce((sum, { value }) => sum + value, 0), says }] as const
  }))
}

/** `rolled_back_bet_count` is "rolled back bets". */
const nounOf = (name: string): string => `${inWords(name.slice(0, -"_count".length))}s`

/** 0 is a Monday. 1970-01-01 was a Thursday. */
const weekdayOf = (day: number): number => (((day + 3) % 7) + 7) % 7
const mondaysBefore = weekdayOf

/** The months that begin within the days, and their columns. */
const monthLabels = (days: ReadonlyArray<number>, column: (day: number) => number) =>
  days.flatMap((day) => {
    const date = formatDay(day)
    return date.endsWith("-01") ? [{ at: column(day), name: months[Number(date.slice(5, 7)) - 1] ?? "" }] : []
  })
