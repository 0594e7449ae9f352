import { type Amount, amountOf, decimalString } from "./decimal.ts"
import type { FastTrackItem, WireNumber } from "./FastTrackItem.ts"
import { instantOf, localDay, timeString } from "./instant.ts"
import { inCapitals } from "./letters.ts"
import { paymentsOf, storedOf, ticketsOf } from "./referenceCounters.ts"

/**
 * A period of a user's activity: the dates, the product, the currency, and the product's fields.
 */
export type ReferencePeriod = Readonly<Record<string, string | number | null>>

const fieldsOf = {
  casino: [
    "bet_count",
    "bet_amount",
    "win_count",
    "win_amount",
    "rolled_back_bet_count",
    "rolled_back_bet_amount",
    "rolled_back_win_count",
    "rolled_back_win_amount"
  ],
  game_rounds: ["bet_count", "bet_amount", "win_count", "win_amount"],
  logins: ["login_count"],
  payments: ["deposit_count", "deposit_amount", "withdrawal_count", "withdrawal_amount"],
  sports: ["bet_count", "bet_amount", "win_count", "win_amount"]
} as const

/** One thing that happened on a date, with what it adds to which fields. */
interface Fact {
  readonly timestamp: string
  readonly product: keyof typeof fieldsOf
  readonly currency: string | null
  readonly adds: ReadonlyArray<readonly [field: string, value: number | Amount]>
}

const moved = (field: string, amount: WireNumber, count = 1) => [[`${field}_count`, count], [`${field}_amount`, amountOf(amount)]] as const

const factsOf = (stored: ReadonlyArray<FastTrackItem>): ReadonlyArray<Fact> => {
  const casinoFields = { bet: "bet", win: "win", rollbackbet: "rolled_back_bet", rollbackwin: "rolled_back_win" }
  const play = stored.flatMap((item): ReadonlyArray<Fact> => {
    if (item.event === "realtime-login") {
      return [{ timestamp: item.data.timestamp, product: "logins", currency: null, adds: [["login_count", 1]] }]
    }
    if (item.event === "realtime-gameround") {
      const { timestamp, total_bet_user: bet, total_win_user: win, user_currency: currency } = item.data
      const adds = [...moved("bet", bet), ...moved("win", win, amountOf(win) > 0n ? 1 : 0)]
      return [{ timestamp, product: "game_rounds", currency, adds }]
    }
    if (item.event !== "realtime-casino") return []
    const { amount, currency, timestamp, type } = item.data
    if (type === "loss" || (type === "win" && amountOf(amount) <= 0n)) return []
    return [{ timestamp, product: "casino", currency, adds: moved(casinoFields[type], amount) }]
  })
  const { counted } = paymentsOf(stored.flatMap((item) => item.event === "realtime-payment" ? [item.data] : []))
  const { bets, settlements } = ticketsOf(stored.flatMap((item) => item.event === "realtime-sports-bet" ? [item.data] : []))
  return [
    ...play,
    ...counted.map(({ direction, event: { amount, currency, timestamp } }): Fact => ({
      timestamp,
      product: "payments",
      currency,
      adds: moved(direction, amount)
    })),
    ...bets.map(({ amount, currency, timestamp }): Fact => ({ timestamp, product: "sports", currency, adds: moved("bet", amount) })),
    ...settlements.filter(({ amount }) => amountOf(amount) !== 0n).map(({ amount, currency, timestamp }): Fact => ({
      timestamp,
      product: "sports",
      currency,
      adds: moved("win", amount, amountOf(amount) > 0n ? 1 : 0)
    }))
  ]
}

const dateOfDay = (day: number): string => timeString(day * 86_400_000).slice(0, 10)
const next = (date: string, days: number): string => dateOfDay(Date.parse(date) / 86_400_000 + days)
/** 1 (Monday) to 7. */
const weekday = (date: string): number => ((new Date(date).getUTCDay() + 6) % 7) + 1

interface Range {
  readonly from: string
  readonly to: string
  readonly granularity: "day" | "week" | "month"
  readonly weekStart: number
}

/**
 * The dates of the period that a date is in, as far as they are in the range: a walk from date to
 * date.
 */
const periodAround = (date: string, { from, granularity, to, weekStart }: Range): readonly [from: string, to: string] => {
  const begins = (day: string) => granularity === "day" || (granularity === "month" ? day.endsWith("-01") : weekday(day) === weekStart)
  let [first, last] = [date, date]
  while (first > from && !begins(first)) first = next(first, -1)
  while (last < to && !begins(next(last, 1))) last = next(last, 1)
  return [first, last]
}

const bytes = (text: unknown): Buffer => Buffer.from(String(text ?? ""), "utf8")

/**
 * The activity of one user by a direct reading of docs/design.md#counters: each thing that happened
 * is put on its date, each field of a period is a sum over them. Dates are inclusive.
 */
export const referenceActivity = (
  items: ReadonlyArray<FastTrackItem>,
  options: { readonly timeZone: string; readonly userId: string } & Range
): ReadonlyArray<ReferencePeriod> => {
  const placed = factsOf(storedOf(items, options.userId)).flatMap((fact) => {
    const date = dateOfDay(localDay(instantOf(fact.timestamp), options.timeZone))
    if (date < options.from || date > options.to) return []
    const [from, to] = periodAround(date, options)
    return [{ ...fact, key: { from, to, product: fact.product, currency: fact.currency === null ? null : inCapitals(fact.currency) } }]
  })
  const together = Map.groupBy(placed, ({ key }) => JSON.stringify(key))
  return [...together.values()].map((facts): ReferencePeriod => {
    const [{ key, product }] = facts as [typeof facts[number]]
    const total = (field: string) => {
      const values = facts.flatMap(({ adds }) => adds).filter(([name]) => name === field).map(([, value]) => value)
      return field.endsWith("_count")
        ? values.reduce<number>((sum, value) => sum + Number(value), 0)
        : decimalString(values.reduce<Amount>((sum, value) => sum + BigInt(value), 0n))
    }
    return { ...key, ...Object.fromEntries(fieldsOf[product].map((field) => [field, total(field)])) }
  }).toSorted((a, b) =>
    Buffer.compare(bytes(a["from"]), bytes(b["from"])) || Buffer.compare(bytes(a["product"]), bytes(b["product"])) ||
    Buffer.compare(bytes(a["currency"]), bytes(b["currency"]))
  )
}
