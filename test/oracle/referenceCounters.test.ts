import { describe, expect, it } from "vitest"
import type { CasinoData, FastTrackItem, GameRoundData, PaymentData, RegistrationData, SportsBetData } from "./FastTrackItem.ts"
import { identityOf, referenceCounters, referenceWinStreak } from "./referenceCounters.ts"

const userId = "u-1"
const now = new Date("2026-06-15T12:00:00Z")
const timestamp = "2026-06-01T10:00:00Z"

let serial = 0
const nextId = () => `id-${serial++}`

const casino = (type: CasinoData["type"], amount: CasinoData["amount"], more: Partial<CasinoData> = {}): FastTrackItem => ({
  event: "realtime-casino",
  data: {
    user_id: userId,
    timestamp,
    unique_id: nextId(),
    game_id: "g",
    round_id: "r",
    type,
    amount,
    currency: "EUR",
    bonus_wager_amount: 0,
    ...more
  }
})

const round = (
  bet: GameRoundData["total_bet_user"],
  win: GameRoundData["total_win_user"],
  more: Partial<GameRoundData> = {}
): FastTrackItem => ({
  event: "realtime-gameround",
  data: {
    user_id: userId,
    timestamp,
    unique_id: nextId(),
    game_id: "g",
    user_currency: "EUR",
    bonus_bet_user: 0,
    total_bet_user: bet,
    bonus_win_user: 0,
    total_win_user: win,
    ...more
  }
})

const payment = (
  paymentId: string,
  type: string,
  status: string,
  amount: PaymentData["amount"],
  more: Partial<PaymentData> = {}
): FastTrackItem => ({
  event: "realtime-payment",
  data: { user_id: userId, timestamp, payment_id: paymentId, type, status, amount, currency: "EUR", vendor_name: "Visa", ...more }
})

const sports = (
  activityId: string,
  type: string,
  status: string,
  amount: SportsBetData["amount"],
  more: Partial<SportsBetData> = {}
): FastTrackItem => ({
  event: "realtime-sports-bet",
  data: {
    user_id: userId,
    timestamp,
    activity_id: activityId,
    activity_id_reference: "",
    type,
    status,
    amount,
    bonus_wager_amount: 0,
    currency: "EUR",
    bet_type: "Single",
    ...more
  }
})

const login = (time: string): FastTrackItem => ({
  event: "realtime-login",
  data: { user_id: userId, timestamp: time, unique_id: nextId() }
})

const registration = (uniqueId: string, time: string, more: Partial<RegistrationData> = {}): FastTrackItem => ({
  event: "realtime-registration",
  data: {
    user_id: userId,
    timestamp: time,
    unique_id: uniqueId,
    username: `name of ${uniqueId}`,
    registration_date: "2020-02-29 8:00:00",
    country: "MT",
    currency: "eur",
    gender: null,
    consent_email: null,
    ...more
  }
})

const counters = (items: ReadonlyArray<FastTrackItem>, timeZone = "UTC", at = now) =>
  referenceCounters(items, { timeZone, now: at, userId })

describe("referenceCounters", () => {
  it("leaves no key out for a user without events", () => {
    expect(counters([casino("bet", 1, { user_id: "somebody else" })])).toEqual({
      user_id: userId,
      time_zone: "UTC",
      casino: {},
      game_rounds: {},
      payments: {},
      sports: {},
      win_streak: { current: 0, longest: 0 },
      logins: {
        login_count: 0,
        first_at: null,
        last_at: null,
        active_days: 0,
        longest_streak: 0,
        current_streak: 0,
        streak_expires_at: null
      },
      profile: null
    })
  })

  it("counts casino events", () => {
    const items = [
      casino("bet", 10, { timestamp: "2026-06-01T10:00:00Z", bonus_wager_amount: 2.5 }),
      casino("bet", 0.1, { currency: "eur" }),
      casino("bet", 0.2, { currency: "Eur" }),
      casino("win", 7.25, { bonus_wager_amount: 1, timestamp: "2026-06-01T12:30:00.0009+02:00" }),
      casino("win", 3),
      casino("win", 0, { bonus_wager_amount: 100 }), // a loss: its bonus is not added
      casino("win", -4), // a loss: its amount is not added
      casino("loss", 5), // a loss: its amount is not added
      casino("rollbackbet", 10),
      casino("rollbackbet", 2), // of no known bet
      casino("rollbackwin", 3, { timestamp: "2026-06-02 9:00:00" }),
      casino("rollbackbet", { raw: "0.000000000000000001" }, { currency: "btc" })
    ]
    const { casino: counted } = counters(items)
    expect(counted).toEqual({
      EUR: {
        bet_count: 3,
        bet_amount: "10.3", // 10 + 0.1 + 0.2
        bonus_bet_amount: "2.5",
        win_count: 2,
        win_amount: "10.25", // 7.25 + 3
        bonus_win_amount: "1",
        biggest_win: "7.25",
        loss_count: 3,
        rolled_back_bet_count: 2,
        rolled_back_bet_amount: "12",
        rolled_back_win_count: 1,
        rolled_back_win_amount: "3",
        net_bet_amount: "-1.7", // 10.3 - 12
        net_win_amount: "7.25", // 10.25 - 3
        ggr: "-8.95", // -1.7 - 7.25
        first_at: "2026-06-01T10:00:00.000Z",
        last_at: "2026-06-02T09:00:00.000Z"
      },
      BTC: {
        bet_count: 0,
        bet_amount: "0",
        bonus_bet_amount: "0",
        win_count: 0,
        win_amount: "0",
        bonus_win_amount: "0",
        biggest_win: "0",
        loss_count: 0,
        rolled_back_bet_count: 1,
        rolled_back_bet_amount: "0.000000000000000001",
        rolled_back_win_count: 0,
        rolled_back_win_amount: "0",
        net_bet_amount: "-0.000000000000000001",
        net_win_amount: "0",
        ggr: "-0.000000000000000001",
        first_at: "2026-06-01T10:00:00.000Z",
        last_at: "2026-06-01T10:00:00.000Z"
      }
    })
  })

  it("counts game rounds", () => {
    const items = [
      round(3, 2, { total_bet_base: 30, total_win_base: 20 }), // 2 / 3 = 0.66666…
      round(2, 1.33335, { bonus_bet_user: 0.5, bonus_win_user: 0.25 }), // 0.666675, the greatest
      round(0, 1000), // no bet: no multiplier
      round(-1, 1000), // not a bet > 0 either
      round(4, 0, { timestamp: "2026-05-31T23:59:59.999Z" }),
      round(1, -0.5)
    ]
    const { game_rounds: counted } = counters(items)
    expect(counted).toEqual({
      EUR: {
        round_count: 6,
        bet_amount: "9", // 3 + 2 + 0 - 1 + 4 + 1
        bonus_bet_amount: "0.5",
        win_amount: "2002.83335", // 2 + 1.33335 + 1000 + 1000 + 0 - 0.5
        bonus_win_amount: "0.25",
        bet_base_amount: "30",
        win_base_amount: "20",
        won_round_count: 4,
        lost_round_count: 2,
        biggest_win: "1000",
        biggest_multiplier: "0.6667",
        ggr: "-1993.83335", // 9 - 2002.83335
        first_at: "2026-05-31T23:59:59.999Z",
        last_at: "2026-06-01T10:00:00.000Z"
      }
    })
  })

  it("rounds the biggest multiplier once, half up", () => {
    const multiplier = (bet: number | { raw: string }, win: number | { raw: string }) =>
      counters([round(bet, win)]).game_rounds["EUR"]?.["biggest_multiplier"]
    expect(multiplier(20_000, 1)).toBe("0.0001") // 0.00005
    expect(multiplier(20_000, { raw: "0.999999999999999999999999999999" })).toBe("0") // just below 0.00005; rounding twice would give 0.0001
    expect(multiplier(8, 1)).toBe("0.125")
    expect(multiplier({ raw: "1e-30" }, 2)).toBe(`2${"0".repeat(30)}`)
  })

  it("orders the rounds of a win streak by time, then by the bytes of the id", () => {
    // In UTF-8 U+FF5E (ef bd 9e) comes before U+1F600 (f0 9f 98 80); in UTF-16 it comes after it
    // (ff5e, d83d de00).
    const items = [
      round(1, 1, { unique_id: "😀" }),
      round(1, 0, { unique_id: "\uff5e", user_currency: "USD" }),
      round(1, 1, { unique_id: "a" }),
      round(1, 1, { unique_id: "b", user_currency: "USD" }),
      round(1, 0, { timestamp: "2026-05-01T00:00:00Z" })
    ]
    // lost (May), won a, won b, lost U+FF5E, won U+1F600
    expect(referenceWinStreak(items, { userId })).toEqual({ current: 1, longest: 2 })
    expect(referenceWinStreak(items, { userId: "nobody" })).toEqual({ current: 0, longest: 0 })
  })

  it("counts payments", () => {
    const items = [
      // 1: a usual one, whose approved event counts whatever follows but a rollback
      payment("1", "credit", "requested", 50),
      payment("1", "Credit", "Approved", 40, { timestamp: "2026-06-01T10:00:05Z", base_amount: 44 }),
      payment("1", "credit", "rejected", 40),
      // 2: rolled back, in another spelling and before it was approved
      payment("2", "DEPOSIT", "ROLLBACK", 7),
      payment("2", "credit", "approved", 7),
      // 3: approved twice at one instant: the lesser amount counts
      payment("3", "credit", "approved", 20, { base_amount: 1 }),
      payment("3", "deposit", "approved", 10, { base_amount: 2 }),
      // 4: approved twice, same instant and amount: "credit" is before "deposit"
      payment("4", "deposit", "approved", 10, { currency: "USD" }),
      payment("4", "credit", "approved", 10, { currency: "sek" }),
      // 5: pending; its currency is that of the earlier request
      payment("5", "deposit", "requested", 1, { currency: "gbp" }),
      payment("5", "credit", "requested", 1, { currency: "EUR", timestamp: "2026-06-01T10:00:00.001Z" }),
      // 6: requested and cancelled, so neither pending nor counted
      payment("6", "credit", "requested", 1, { currency: "JPY" }),
      payment("6", "deposit", "cancelled", 1, { currency: "JPY" }),
      // 1 again, as a withdrawal: another payment
      payment("1", "withdraw", "approved", 33, { timestamp: "2026-06-01T09:00:00Z" }),
      // not counted: a requested withdrawal, other types, other statuses
      payment("7", "debit", "requested", 5, { currency: "CHF" }),
      payment("8", "capture", "approved", 5, { currency: "CHF" }),
      payment("9", "credit", "approved ", 5, { currency: "CHF" })
    ]
    const nothing = {
      deposit_count: 0,
      deposit_amount: "0",
      deposit_base_amount: "0",
      biggest_deposit: "0",
      first_deposit_at: null,
      last_deposit_at: null,
      withdrawal_count: 0,
      withdrawal_amount: "0",
      withdrawal_base_amount: "0",
      biggest_withdrawal: "0",
      first_withdrawal_at: null,
      last_withdrawal_at: null,
      pending_deposit_count: 0
    }
    expect(counters(items).payments).toEqual({
      EUR: {
        ...nothing,
        deposit_count: 2, // 1 and 3
        deposit_amount: "50", // 40 + 10
        deposit_base_amount: "46", // 44 + 2
        biggest_deposit: "40",
        first_deposit_at: "2026-06-01T10:00:00.000Z",
        last_deposit_at: "2026-06-01T10:00:05.000Z",
        withdrawal_count: 1,
        withdrawal_amount: "33",
        biggest_withdrawal: "33",
        first_withdrawal_at: "2026-06-01T09:00:00.000Z",
        last_withdrawal_at: "2026-06-01T09:00:00.000Z"
      },
      SEK: {
        ...nothing,
        deposit_count: 1,
        deposit_amount: "10",
        biggest_deposit: "10",
        first_deposit_at: "2026-06-01T10:00:00.000Z",
        last_deposit_at: "2026-06-01T10:00:00.000Z"
      },
      GBP: { ...nothing, pending_deposit_count: 1 }
    })
  })

  it("counts sports bets and settlements", () => {
    const leg = { tournament_name: "t", sports_name: "s", odds: 2 }
    const items = [
      // won: 25 back in two settlements, one of them a cash-out
      sports("won", "Bet", "Approved", 10, { bonus_wager_amount: 4, bets: [leg, { ...leg, is_free_bet: true }] }),
      sports("s1", "Settlement", "Approved", 20, { activity_id_reference: "won" }),
      sports("s2", "settlement", "approved", 5, { activity_id_reference: "won", is_cashout: true }),
      // lost: 3 EUR and -3 USD add up to 0
      sports("lost", "Bet", "Approved", 100, { timestamp: "2026-06-02T10:00:00Z", bets: [leg] }),
      sports("s3", "Settlement", "Approved", 3, { activity_id_reference: "lost" }),
      sports("s4", "Settlement", "Approved", -3, { activity_id_reference: "lost", currency: "usd" }),
      // open: its settlement was rolled back; is_cashout means nothing on a bet
      sports("open", "BET", "approved", 1, { bets: null, is_cashout: true, timestamp: "2026-06-01T08:00:00Z" }),
      sports("s5", "Settlement", "Approved", 50, { activity_id_reference: "open" }),
      sports("s5", "Settlement", "Rollback", 50, { activity_id_reference: "open" }),
      // rolled back bet: not counted, but its settlement is
      sports("gone", "Bet", "Approved", 1000),
      sports("gone", "Bet", "rollback", 1000),
      sports("s6", "Settlement", "Approved", 7, { activity_id_reference: "gone" }),
      // settlements of nothing
      sports("s7", "Settlement", "Approved", 0.5),
      // not counted
      sports("x", "Refund", "Approved", 9, { currency: "CHF" }),
      sports("y", "Bet", "Pending", 9, { currency: "CHF" })
    ]
    expect(counters(items).sports).toEqual({
      EUR: {
        bet_count: 3,
        bet_amount: "111", // 10 + 100 + 1
        bonus_bet_amount: "4",
        free_bet_count: 1,
        free_bet_amount: "10",
        first_bet_at: "2026-06-01T08:00:00.000Z",
        last_bet_at: "2026-06-02T10:00:00.000Z",
        settled_bet_count: 2,
        settled_bet_amount: "110",
        open_bet_count: 1,
        open_bet_amount: "1",
        won_bet_count: 1,
        lost_bet_count: 1,
        return_amount: "35.5", // 20 + 5 + 3 + 7 + 0.5
        biggest_return: "20",
        cashout_count: 1,
        cashout_amount: "5",
        ggr: "74.5" // 110 - 35.5
      },
      USD: {
        bet_count: 0,
        bet_amount: "0",
        bonus_bet_amount: "0",
        free_bet_count: 0,
        free_bet_amount: "0",
        first_bet_at: null,
        last_bet_at: null,
        settled_bet_count: 0,
        settled_bet_amount: "0",
        open_bet_count: 0,
        open_bet_amount: "0",
        won_bet_count: 0,
        lost_bet_count: 0,
        return_amount: "-3",
        biggest_return: "0",
        cashout_count: 0,
        cashout_amount: "0",
        ggr: "3"
      }
    })
  })

  it("counts logins by the dates of the zone", () => {
    // New York in June is 4 h behind UTC: these are the 10th, 12th, 13th, 13th, 14th and 17th of
    // June there, by UTC the 10th, 12th, 13th, 14th, 15th and 17th.
    const items = [
      login("2026-06-10T12:00:00Z"),
      login("2026-06-12T12:00:00Z"),
      login("2026-06-13T04:00:00Z"),
      login("2026-06-14T03:59:59.999Z"),
      login("2026-06-15T03:00:00Z"),
      login("2026-06-17T12:00:00Z")
    ]
    const newYork = {
      login_count: 6,
      first_at: "2026-06-10T12:00:00.000Z",
      last_at: "2026-06-17T12:00:00.000Z",
      active_days: 5,
      longest_streak: 3
    }
    // On the 15th the run up to yesterday (12th to 14th) stands until the 16th begins.
    expect(counters(items, "America/New_York").logins).toEqual({
      ...newYork,
      current_streak: 3,
      streak_expires_at: "2026-06-16T04:00:00.000Z"
    })
    expect(counters(items, "America/New_York", new Date("2026-06-16T03:59:59.999Z")).logins["current_streak"]).toBe(3)
    expect(counters(items, "America/New_York", new Date("2026-06-16T04:00:00Z")).logins).toEqual({
      ...newYork,
      current_streak: 0,
      streak_expires_at: null
    })
    // Later dates are ignored: on the 13th the run is 12th and 13th.
    expect(counters(items, "America/New_York", new Date("2026-06-13T12:00:00Z")).logins).toEqual({
      ...newYork,
      current_streak: 2,
      streak_expires_at: "2026-06-15T04:00:00.000Z"
    })
    expect(counters(items, "UTC").logins).toMatchObject({
      active_days: 6,
      longest_streak: 4,
      current_streak: 4,
      streak_expires_at: "2026-06-17T00:00:00.000Z"
    })
  })

  it("lets a streak end where the day begins, also when clocks change", () => {
    const expiry = (timeZone: string, time: string) => counters([login(time)], timeZone, new Date(time)).logins["streak_expires_at"]
    // Summer time begins at midnight in Cairo on 2026-04-24, which therefore begins at 01:00, 22:00
    // UTC the day before.
    expect(expiry("Africa/Cairo", "2026-04-22T12:00:00Z")).toBe("2026-04-23T22:00:00.000Z")
    // Havana goes back from 01:00 to 00:00 on 2025-11-02, which begins at the first of the two
    // midnights.
    expect(expiry("America/Havana", "2025-10-31T12:00:00Z")).toBe("2025-11-02T04:00:00.000Z")
    // Sao Paulo went back from midnight to 23:00 on 2018-02-18, which began an hour after its
    // clocks were first to show it.
    expect(expiry("America/Sao_Paulo", "2018-02-16T12:00:00Z")).toBe("2018-02-18T03:00:00.000Z")
    // St. John's went back at 00:01 on 2010-11-07: the day began, went away and came again.
    expect(expiry("America/St_Johns", "2010-11-05T12:00:00Z")).toBe("2010-11-07T02:30:00.000Z")
    // Apia left out 2011-12-30.
    expect(expiry("Pacific/Apia", "2011-12-29T00:00:00Z")).toBe("2011-12-30T10:00:00.000Z")
    // A day of 23 hours in between: Stockholm, 2026-03-29.
    expect(expiry("Europe/Stockholm", "2026-03-28T12:00:00Z")).toBe("2026-03-29T22:00:00.000Z")
  })

  it("takes the profile of the latest registration and the latest ban that was said", () => {
    const at = "2026-06-01T10:00:00Z"
    const items = [
      registration("a", at, { segmentation_isPromoBanned: true, gender: "female" }),
      registration("\uff5e", at, { segmentation_isPromoBanned: false }),
      registration("😀", "2026-06-01T12:00:00.0001+02:00", { segmentation_isPromoBanned: null, consent_email: false, currency: "ß" }),
      registration("later id, earlier time", "2026-06-01T09:59:59.999Z", { segmentation_isPromoBanned: true })
    ]
    expect(counters(items).profile).toEqual({
      username: "name of 😀",
      registration_date: "2020-02-29T08:00:00.000Z",
      country: "MT",
      currency: "ß",
      gender: null,
      consent_email: false,
      updated_at: "2026-06-01T10:00:00.000Z",
      segmentation_isPromoBanned: false
    })
    expect(counters([registration("a", at)]).profile).toMatchObject({ segmentation_isPromoBanned: null })
  })

  it("takes the first of items with one identity", () => {
    const same = [casino("bet", 1, { unique_id: "x" }), casino("bet", 2, { unique_id: "x" }), casino("rollbackbet", 4, { unique_id: "x" })]
    expect(counters(same).casino["EUR"]).toMatchObject({ bet_count: 1, bet_amount: "1", rolled_back_bet_amount: "4" })
    const approvals = [payment("1", "CREDIT", "approved", 1), payment("1", "credit", "Approved", 2), payment("1", "deposit", "approved", 3)]
    expect(new Set(approvals.map(identityOf)).size).toBe(2)
    expect(identityOf(login(timestamp))).not.toBe(identityOf(registration("1", timestamp)))
  })
})
