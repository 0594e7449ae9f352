import { amountOf, decimalString, ratioTo4Decimals, sum } from "./decimal.ts"
import type { FastTrackItem } from "./FastTrackItem.ts"
import { dayBefore, instantOf, localDay, timeString } from "./instant.ts"
import { inCapitals } from "./letters.ts"
import { storedOf, ticketsOf } from "./referenceCounters.ts"

/** A row of a board as docs/design.md#counters have it. */
export interface ReferenceEntry {
  readonly rank: number
  readonly user_id: string
  readonly score: string | number
  readonly reached_at: string
}

/** Something that has an effect on a score. */
interface Effect {
  readonly timestamp: string
  readonly currency: string
  readonly amount: bigint
}

const one = amountOf(1)

/** What counts on a board, by user. */
const effectsOf = (board: string, stored: ReadonlyArray<FastTrackItem>): ReadonlyArray<Effect> => {
  if (board === "sports_turnover") {
    const { bets } = ticketsOf(stored.flatMap((item) => item.event === "realtime-sports-bet" ? [item.data] : []))
    return bets.map(({ amount, currency, timestamp }) => ({ timestamp, currency, amount: amountOf(amount) }))
  }
  return stored.flatMap((item) => {
    if (board === "casino_turnover" && item.event === "realtime-casino") {
      const { amount, currency, timestamp, type } = item.data
      if (type === "bet") return [{ timestamp, currency, amount: amountOf(amount) }]
      if (type === "rollbackbet") return [{ timestamp, currency, amount: -amountOf(amount) }]
    }
    if (board !== "casino_turnover" && item.event === "realtime-gameround") {
      const { timestamp, total_bet_user, total_win_user, user_currency: currency } = item.data
      const [bet, win] = [amountOf(total_bet_user), amountOf(total_win_user)]
      if (board === "round_turnover") return [{ timestamp, currency, amount: bet }]
      if (board === "round_wins" && win > 0n) return [{ timestamp, currency, amount: one }]
      if (board === "biggest_multiplier" && win > 0n && bet > 0n) return [{ timestamp, currency, amount: ratioTo4Decimals(win, bet) }]
    }
    return []
  }).filter(({ amount }) => amount !== 0n)
}

const nextDay = 1
/** 1 (Monday) to 7 of a day number; 1970-01-05 was a Monday. */
const weekday = (day: number): number => (((day - 4) % 7) + 7) % 7 + 1

/** The first and last day of the period that a day is in, by walking from day to day. */
export const referencePeriod = (day: number, period: string, weekStart: number): readonly [first: number, last: number] => {
  const begins = (some: number) =>
    period === "day" || (period === "week" ? weekday(some) === weekStart : timeString(some * 86_400_000).slice(8, 10) === "01")
  let [first, last] = [day, day]
  while (!begins(first)) first--
  while (!begins(last + nextDay)) last++
  return [first, last]
}

const bytes = (text: string): Buffer => Buffer.from(text, "utf8")

interface Options {
  readonly board: string
  readonly period: string
  /** Any day of the period. */
  readonly day: number
  readonly currency: string
  readonly timeZone: string
  readonly weekStart: number
}

/**
 * A whole board by a direct reading of docs/design.md#counters: everybody's effects in the period,
 * summed up user by user, and sorted.
 */
export const referenceLeaderboard = (
  items: ReadonlyArray<FastTrackItem>,
  userIds: ReadonlyArray<string>,
  { board, currency, day, period, timeZone, weekStart }: Options
): ReadonlyArray<ReferenceEntry> => {
  const [first, last] = period === "all" ? [-Infinity, Infinity] : referencePeriod(day, period, weekStart)
  const scored = userIds.flatMap((userId) => {
    const stored = storedOf(items, userId)
    if (board === "login_streak") {
      const days = new Set(
        stored.flatMap((item) => item.event === "realtime-login" ? [localDay(instantOf(item.data.timestamp), timeZone)] : [])
      )
      const upTo = (some: number): number => days.has(some) ? 1 + upTo(dayBefore(some, timeZone)) : 0
      const [best] = [...days].toSorted((a, b) => upTo(b) - upTo(a) || a - b)
      return best === undefined ? [] : [{ userId, amount: BigInt(upTo(best)) * one, at: best * 86_400_000 }]
    }
    const effects = effectsOf(board, stored).map((effect) => ({ ...effect, at: instantOf(effect.timestamp) })).filter((effect) => {
      const on = localDay(effect.at, timeZone)
      return inCapitals(effect.currency) === currency && effect.amount !== 0n && on >= first && on <= last
    })
    if (effects.length === 0) return []
    if (board === "biggest_multiplier") {
      const [best] = effects.toSorted((a, b) => a.amount === b.amount ? a.at - b.at : a.amount > b.amount ? -1 : 1)
      return best === undefined ? [] : [{ userId, amount: best.amount, at: best.at }]
    }
    return [{ userId, amount: sum(effects.map(({ amount }) => amount)), at: Math.max(...effects.map(({ at }) => at)) }]
  })
  return scored
    .toSorted((a, b) =>
      a.amount === b.amount ? a.at - b.at || Buffer.compare(bytes(a.userId), bytes(b.userId)) : a.amount > b.amount ? -1 : 1
    )
    .map(({ amount, at, userId }, index) => ({
      rank: index + 1,
      user_id: userId,
      score: ["round_wins", "login_streak"].includes(board) ? Number(decimalString(amount)) : decimalString(amount),
      reached_at: board === "login_streak" ? timeString(at).slice(0, 10) : timeString(at)
    }))
}
