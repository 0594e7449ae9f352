import { type Amount, amountOf, biggest, decimalString, ratioTo4Decimals, sum } from "./decimal.ts"
import type {
  CasinoData,
  FastTrackItem,
  GameRoundData,
  LoginData,
  PaymentData,
  RegistrationData,
  SportsBetData,
  WireId
} from "./FastTrackItem.ts"
import { dayAfter, dayBefore, firstInstantOfDay, instantOf, localDay, timeString } from "./instant.ts"
import { inCapitals, inSmall } from "./letters.ts"

/**
 * The figures of one currency: counts are numbers, amounts canonical decimal strings, times RFC
 * 3339 or null.
 */
export type Figures = Readonly<Record<string, string | number | null>>

/** The counters document of docs/design.md#counters without `position`. */
export interface CountersDocument {
  readonly user_id: string
  readonly time_zone: string
  readonly casino: Readonly<Record<string, Figures>>
  readonly game_rounds: Readonly<Record<string, Figures>>
  readonly payments: Readonly<Record<string, Figures>>
  readonly sports: Readonly<Record<string, Figures>>
  readonly win_streak: Figures
  readonly logins: Figures
  readonly profile: Readonly<Record<string, string | boolean | null>> | null
}

/**
 * What makes two items the same event (docs/design.md#idempotency): kind and user, plus the fields
 * named there. Equal strings for equal identities. The strings say nothing about the keys the
 * service derives.
 */
export const identityOf = (item: FastTrackItem): string => {
  const kind = [item.event, item.data.user_id]
  switch (item.event) {
    case "realtime-casino":
      return JSON.stringify([...kind, item.data.type, item.data.unique_id])
    case "realtime-payment":
      return JSON.stringify([...kind, inSmall(item.data.type), inSmall(item.data.status), idText(item.data.payment_id)])
    case "realtime-sports-bet":
      return JSON.stringify([...kind, inSmall(item.data.type), inSmall(item.data.status), item.data.activity_id])
    case "realtime-gameround":
    case "realtime-login":
    case "realtime-registration":
      return JSON.stringify([...kind, item.data.unique_id])
  }
}

/** The text an id means, however it is written. */
export const idText = (id: WireId): string => typeof id === "string" ? id : decimalString(amountOf(id))

/** The user's stored events: the first item of each identity. */
export const storedOf = (items: ReadonlyArray<FastTrackItem>, userId: string): ReadonlyArray<FastTrackItem> => {
  const seen = new Set<string>()
  return items.filter((item) => {
    if (item.data.user_id !== userId) return false
    const identity = identityOf(item)
    if (seen.has(identity)) return false
    seen.add(identity)
    return true
  })
}

const at = (event: { readonly timestamp: string }): number => instantOf(event.timestamp)
const first = (instants: ReadonlyArray<number>): string | null => instants.length === 0 ? null : timeString(Math.min(...instants))
const last = (instants: ReadonlyArray<number>): string | null => instants.length === 0 ? null : timeString(Math.max(...instants))
const total = (amounts: ReadonlyArray<Amount>): string => decimalString(sum(amounts))

/** Ids compare by their UTF-8 bytes; JavaScript's `<` would compare UTF-16 units. */
const compareIds = (a: string, b: string): number => Buffer.compare(Buffer.from(a, "utf8"), Buffer.from(b, "utf8"))
const byTimeThenId = (a: GameRoundData | RegistrationData, b: GameRoundData | RegistrationData): number =>
  at(a) - at(b) || compareIds(a.unique_id, b.unique_id)

/**
 * One entry for each currency that any of the events is in; `figures` is given that currency and
 * picks its events itself.
 */
const perCurrency = (currencies: ReadonlyArray<string>, figures: (currency: string) => Figures): Readonly<Record<string, Figures>> =>
  Object.fromEntries([...new Set(currencies)].map((currency) => [currency, figures(currency)]))

/** `casino` of docs/design.md#counters. */
export const casino = (events: ReadonlyArray<CasinoData>) =>
  perCurrency(events.map((event) => inCapitals(event.currency)), (currency) => {
    const here = events.filter((event) => inCapitals(event.currency) === currency)
    const bets = here.filter((event) => event.type === "bet")
    const wins = here.filter((event) => event.type === "win" && amountOf(event.amount) > 0n)
    const losses = here.filter((event) => event.type === "loss" || (event.type === "win" && amountOf(event.amount) <= 0n))
    const rolledBackBets = here.filter((event) => event.type === "rollbackbet")
    const rolledBackWins = here.filter((event) => event.type === "rollbackwin")
    const amounts = (some: ReadonlyArray<CasinoData>) => some.map((event) => amountOf(event.amount))
    const bonuses = (some: ReadonlyArray<CasinoData>) => some.map((event) => amountOf(event.bonus_wager_amount))
    const netBet = sum(amounts(bets)) - sum(amounts(rolledBackBets))
    const netWin = sum(amounts(wins)) - sum(amounts(rolledBackWins))
    return {
      bet_count: bets.length,
      bet_amount: total(amounts(bets)),
      bonus_bet_amount: total(bonuses(bets)),
      win_count: wins.length,
      win_amount: total(amounts(wins)),
      bonus_win_amount: total(bonuses(wins)),
      biggest_win: decimalString(biggest(amounts(wins))),
      loss_count: losses.length,
      rolled_back_bet_count: rolledBackBets.length,
      rolled_back_bet_amount: total(amounts(rolledBackBets)),
      rolled_back_win_count: rolledBackWins.length,
      rolled_back_win_amount: total(amounts(rolledBackWins)),
      net_bet_amount: decimalString(netBet),
      net_win_amount: decimalString(netWin),
      ggr: decimalString(netBet - netWin),
      first_at: first(here.map(at)),
      last_at: last(here.map(at))
    }
  })

const isWon = (round: GameRoundData): boolean => amountOf(round.total_win_user) > 0n

/** `game_rounds` of docs/design.md#counters. */
export const gameRounds = (events: ReadonlyArray<GameRoundData>) =>
  perCurrency(events.map((event) => inCapitals(event.user_currency)), (currency) => {
    const here = events.filter((event) => inCapitals(event.user_currency) === currency)
    const bets = here.map((round) => amountOf(round.total_bet_user))
    const wins = here.map((round) => amountOf(round.total_win_user))
    // A multiplier below zero can never be the biggest, which starts at 0; leaving it out spares
    // rounding negative ratios.
    const multipliers = here.flatMap((round) => {
      const [win, bet] = [amountOf(round.total_win_user), amountOf(round.total_bet_user)]
      return bet > 0n && win > 0n ? [ratioTo4Decimals(win, bet)] : []
    })
    return {
      round_count: here.length,
      bet_amount: total(bets),
      bonus_bet_amount: total(here.map((round) => amountOf(round.bonus_bet_user))),
      win_amount: total(wins),
      bonus_win_amount: total(here.map((round) => amountOf(round.bonus_win_user))),
      bet_base_amount: total(here.map((round) => amountOf(round.total_bet_base ?? 0))),
      win_base_amount: total(here.map((round) => amountOf(round.total_win_base ?? 0))),
      won_round_count: here.filter(isWon).length,
      lost_round_count: here.filter((round) => !isWon(round)).length,
      biggest_win: decimalString(biggest(wins)),
      biggest_multiplier: decimalString(biggest(multipliers)),
      ggr: decimalString(sum(bets) - sum(wins)),
      first_at: first(here.map(at)),
      last_at: last(here.map(at))
    }
  })

const directions: ReadonlyMap<string, "deposit" | "withdrawal"> = new Map([
  ["credit", "deposit"],
  ["deposit", "deposit"],
  ["debit", "withdrawal"],
  ["withdrawal", "withdrawal"],
  ["withdraw", "withdrawal"]
])

/**
 * The least by (timestamp, amount, lower-cased type); a payment has at most one event of a type in
 * a status, so there are no ties.
 */
const leastOf = (events: ReadonlyArray<PaymentData>): PaymentData | undefined =>
  events.toSorted((a, b) => {
    const [amountA, amountB] = [amountOf(a.amount), amountOf(b.amount)]
    return at(a) - at(b) || (amountA < amountB ? -1 : amountA > amountB ? 1 : 0) || compareIds(inSmall(a.type), inSmall(b.type))
  })[0]

/**
 * The payments that count, each by the event that speaks for it, and the requests of the deposits
 * that are pending.
 */
export const paymentsOf = (events: ReadonlyArray<PaymentData>) => {
  const counted: Array<{ readonly direction: string; readonly event: PaymentData }> = []
  const pending: Array<PaymentData> = []
  for (const direction of ["deposit", "withdrawal"]) {
    const ofDirection = events.filter((event) => directions.get(inSmall(event.type)) === direction)
    for (const paymentId of new Set(ofDirection.map((event) => idText(event.payment_id)))) {
      const withStatus = (status: string) =>
        ofDirection.filter((event) => idText(event.payment_id) === paymentId && inSmall(event.status) === status)
      const approved = leastOf(withStatus("approved"))
      const requested = leastOf(withStatus("requested"))
      const isClosed = ["approved", "rejected", "cancelled", "rollback"].some((status) => withStatus(status).length > 0)
      if (approved !== undefined && withStatus("rollback").length === 0) counted.push({ direction, event: approved })
      if (direction === "deposit" && requested !== undefined && !isClosed) pending.push(requested)
    }
  }
  return { counted, pending }
}

const payments = (events: ReadonlyArray<PaymentData>) => {
  const { counted, pending } = paymentsOf(events)
  const currencyOf = (event: PaymentData) => inCapitals(event.currency)
  return perCurrency([...counted.map(({ event }) => event), ...pending].map(currencyOf), (currency) => {
    const of = (direction: string) =>
      counted.filter((payment) => payment.direction === direction && currencyOf(payment.event) === currency).map(({ event }) => event)
    const amounts = (some: ReadonlyArray<PaymentData>) => some.map((event) => amountOf(event.amount))
    const baseAmounts = (some: ReadonlyArray<PaymentData>) => some.map((event) => amountOf(event.base_amount ?? 0))
    const [deposits, withdrawals] = [of("deposit"), of("withdrawal")]
    return {
      deposit_count: deposits.length,
      deposit_amount: total(amounts(deposits)),
      deposit_base_amount: total(baseAmounts(deposits)),
      biggest_deposit: decimalString(biggest(amounts(deposits))),
      first_deposit_at: first(deposits.map(at)),
      last_deposit_at: last(deposits.map(at)),
      withdrawal_count: withdrawals.length,
      withdrawal_amount: total(amounts(withdrawals)),
      withdrawal_base_amount: total(baseAmounts(withdrawals)),
      biggest_withdrawal: decimalString(biggest(amounts(withdrawals))),
      first_withdrawal_at: first(withdrawals.map(at)),
      last_withdrawal_at: last(withdrawals.map(at)),
      pending_deposit_count: pending.filter((event) => currencyOf(event) === currency).length
    }
  })
}

/** The bets and the settlements that count, each by its approved event. */
export const ticketsOf = (events: ReadonlyArray<SportsBetData>) => {
  const isOf = (event: SportsBetData, type: string, status: string) => inSmall(event.type) === type && inSmall(event.status) === status
  const counted = (type: string) =>
    events.filter((event) =>
      isOf(event, type, "approved") && !events.some((other) => isOf(other, type, "rollback") && other.activity_id === event.activity_id)
    )
  return { bets: counted("bet"), settlements: counted("settlement") }
}

const sports = (events: ReadonlyArray<SportsBetData>) => {
  const { bets, settlements } = ticketsOf(events)
  const settlementsOf = (bet: SportsBetData) => settlements.filter((settlement) => settlement.activity_id_reference === bet.activity_id)
  const currencyOf = (event: SportsBetData) => inCapitals(event.currency)
  return perCurrency([...bets, ...settlements].map(currencyOf), (currency) => {
    const amounts = (some: ReadonlyArray<SportsBetData>) => some.map((event) => amountOf(event.amount))
    const betsHere = bets.filter((bet) => currencyOf(bet) === currency)
    const freeBets = betsHere.filter((bet) => (bet.bets ?? []).some((leg) => leg.is_free_bet === true))
    const settledBets = betsHere.filter((bet) => settlementsOf(bet).length > 0)
    const openBets = betsHere.filter((bet) => settlementsOf(bet).length === 0)
    // The returns to one bet are added whatever their currencies are: only their sign is asked for.
    const wonBets = settledBets.filter((bet) => sum(amounts(settlementsOf(bet))) > 0n)
    const settlementsHere = settlements.filter((settlement) => currencyOf(settlement) === currency)
    const cashouts = settlementsHere.filter((settlement) => settlement.is_cashout === true)
    return {
      bet_count: betsHere.length,
      bet_amount: total(amounts(betsHere)),
      bonus_bet_amount: total(betsHere.map((bet) => amountOf(bet.bonus_wager_amount))),
      free_bet_count: freeBets.length,
      free_bet_amount: total(amounts(freeBets)),
      first_bet_at: first(betsHere.map(at)),
      last_bet_at: last(betsHere.map(at)),
      settled_bet_count: settledBets.length,
      settled_bet_amount: total(amounts(settledBets)),
      open_bet_count: openBets.length,
      open_bet_amount: total(amounts(openBets)),
      won_bet_count: wonBets.length,
      lost_bet_count: settledBets.length - wonBets.length,
      return_amount: total(amounts(settlementsHere)),
      biggest_return: decimalString(biggest(amounts(settlementsHere))),
      cashout_count: cashouts.length,
      cashout_amount: total(amounts(cashouts)),
      ggr: decimalString(sum(amounts(settledBets)) - sum(amounts(settlementsHere)))
    }
  })
}

const logins = (events: ReadonlyArray<LoginData>, timeZone: string, now: Date): Figures => {
  const days = new Set(events.map((event) => localDay(at(event), timeZone)))
  const runUpTo = (day: number): number => days.has(day) ? 1 + runUpTo(dayBefore(day, timeZone)) : 0
  const today = localDay(now.getTime(), timeZone)
  const lastDay = days.has(today) ? today : dayBefore(today, timeZone)
  const current = runUpTo(lastDay)
  return {
    login_count: events.length,
    first_at: first(events.map(at)),
    last_at: last(events.map(at)),
    active_days: days.size,
    longest_streak: Math.max(0, ...[...days].map(runUpTo)),
    current_streak: current,
    streak_expires_at: current === 0 ? null : timeString(firstInstantOfDay(dayAfter(dayAfter(lastDay, timeZone), timeZone), timeZone))
  }
}

const profile = (events: ReadonlyArray<RegistrationData>): CountersDocument["profile"] => {
  const newestFirst = events.toSorted((a, b) => byTimeThenId(b, a))
  const [newest] = newestFirst
  if (newest === undefined) return null
  const banned = newestFirst.map((event) => event.segmentation_isPromoBanned).find((value) => typeof value === "boolean")
  return {
    username: newest.username,
    registration_date: timeString(instantOf(newest.registration_date)),
    country: newest.country,
    currency: inCapitals(newest.currency),
    gender: newest.gender,
    consent_email: newest.consent_email,
    updated_at: timeString(at(newest)),
    segmentation_isPromoBanned: banned ?? null
  }
}

/**
 * The counters of one user by a direct reading of docs/design.md#counters: each figure is a filter
 * over all the user's events and a sum, nothing is kept from one event to the next. Slow on
 * purpose; it is what faster ways of counting are compared with.
 *
 * `items` are valid items that were sent, of any users, in any order; of items with one idempotency
 * identity the first counts. `now` decides which login streak is current.
 */
export const referenceCounters = (
  items: ReadonlyArray<FastTrackItem>,
  options: { readonly timeZone: string; readonly now: Date; readonly userId: string }
): CountersDocument => {
  const stored = storedOf(items, options.userId)
  return {
    user_id: options.userId,
    time_zone: options.timeZone,
    casino: casino(stored.flatMap((item) => item.event === "realtime-casino" ? [item.data] : [])),
    game_rounds: gameRounds(stored.flatMap((item) => item.event === "realtime-gameround" ? [item.data] : [])),
    payments: payments(stored.flatMap((item) => item.event === "realtime-payment" ? [item.data] : [])),
    sports: sports(stored.flatMap((item) => item.event === "realtime-sports-bet" ? [item.data] : [])),
    win_streak: referenceWinStreak(items, options),
    logins: logins(stored.flatMap((item) => item.event === "realtime-login" ? [item.data] : []), options.timeZone, options.now),
    profile: profile(stored.flatMap((item) => item.event === "realtime-registration" ? [item.data] : []))
  }
}

/**
 * `win_streak` of docs/design.md#counters: consecutive won rounds over all the user's game rounds
 * ordered by (timestamp, unique_id).
 */
export const referenceWinStreak = (
  items: ReadonlyArray<FastTrackItem>,
  options: { readonly userId: string }
): { readonly current: number; readonly longest: number } => {
  const rounds = storedOf(items, options.userId).flatMap((item) => item.event === "realtime-gameround" ? [item.data] : [])
  let current = 0
  let longest = 0
  for (const round of rounds.toSorted(byTimeThenId)) {
    current = isWon(round) ? current + 1 : 0
    longest = Math.max(longest, current)
  }
  return { current, longest }
}
