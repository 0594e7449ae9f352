import { describe, expect, it } from "@effect/vitest"
import type { FastTrackEvent } from "../../src/fasttrack/FastTrackEvent.ts"
import { payments } from "../../src/projections/catalog/payments.ts"
import { sports } from "../../src/projections/catalog/sports.ts"
import { evaluate } from "../../src/projections/fold/evaluate.ts"
import { eventOf } from "./wireItem.ts"

/*
 * The payloads with which FastTrack tests its own public schemas
 * (github.com/fasttrack-solutions/json-schema, internal/schema-test), in the envelope and under the
 * names of the bulk API. What the bulk API does not have, they keep: it is ignored.
 */

const time = "2015-03-02T8:27:58.721607+06:00"
const ticket = {
  user_id: "12304",
  timestamp: time,
  currency: "EUR",
  exchange_rate: 1,
  locked_wager_amount: 0.0,
  bonus_wager_amount: 0.0,
  wager_amount: 0.0,
  origin: "sub.example.com",
  device_type: "App",
  status: "Approved",
  meta: {}
}
const leg = (event_name: string, market: string, odds: number) => ({
  event_name,
  is_free_bet: false,
  is_risk_free_bet: false,
  market,
  match_start: time,
  outcomes: [{ criterion_name: market, outcome_label: "1-0", meta: {} }],
  sports_name: "Football",
  tournament_name: "Champions League",
  odds,
  is_live: false,
  meta: {}
})
const sportsSamples: ReadonlyArray<object> = [
  {
    ...ticket,
    activity_id: "101212",
    activity_id_reference: "",
    amount: 100,
    balance_after: 852.21,
    bet_type: "Single",
    odds: 6.25,
    bets: [leg("Queens Park Rangers vs West Bromwich Albion", "Correct Score", 6.25)],
    is_cashout: false,
    type: "Bet"
  },
  {
    ...ticket,
    activity_id: "101213",
    activity_id_reference: "",
    amount: 50,
    bet_type: "Multi",
    odds: 10.19,
    bets: [
      leg("Dortmund vs Tottenham", "Correct Score", 1.95),
      leg("FC Schalke 04 vs Manchester City", "1X2", 1.26),
      leg("Olympique Lyon vs FC Barcelona", "1X2", 4.15)
    ],
    is_cashout: true,
    locked_wager_amount: 3.13,
    type: "Bet"
  },
  {
    ...ticket,
    activity_id: "101420",
    activity_id_reference: "101212",
    amount: 625.0,
    bet_type: "Single",
    bets: [],
    is_cashout: false,
    type: "Settlement"
  },
  {
    ...ticket,
    activity_id: "101422",
    activity_id_reference: "101212",
    amount: 262.2,
    bet_type: "Single",
    bets: [],
    is_cashout: true,
    type: "Settlement"
  }
]
const paymentSample = {
  amount: 32.76,
  bonus_code: "CHRISTMAS2023",
  currency: "USD",
  exchange_rate: 0.91,
  fee_amount: 2.34,
  note: "string",
  origin: "sub.example.com",
  payment_id: "23541",
  status: "Approved",
  timestamp: "2015-03-02T8:27:58.721607Z",
  type: "Debit",
  user_id: "7865312321",
  vendor_id: "562",
  vendor_name: "Skrill"
}
const casinoSample = {
  unique_id: "2019020103308257480",
  amount: 20,
  balance_after: 174.03,
  bonus_wager_amount: 0.0,
  currency: "EUR",
  game_id: "10911",
  game_name: "Dead or Alive",
  is_round_end: false,
  origin: "sub.example.com",
  round_id: "2019020103308257480",
  status: "Approved",
  timestamp: "2015-03-02T8:27:58.721607Z",
  type: "bet",
  user_id: "52530",
  vendor_id: 123,
  wager_amount: 20,
  meta: { key1: 10.0, key2: "some string", key3: false }
}

const decode = (event: string, data: object): FastTrackEvent => eventOf(JSON.stringify({ event, data }))

const inUtc = { timeZone: "UTC", now: 0 }

describe("FastTrack's own samples", () => {
  it("are sports bets that count as they are meant to", () => {
    const events = sportsSamples.map((data) => decode("realtime-sports-bet", data))
    expect(events.map(({ occurredAt }) => new Date(occurredAt).toISOString())).toEqual(events.map(() => "2015-03-02T02:27:58.721Z"))
    expect(evaluate(sports, events, inUtc)).toMatchObject({
      EUR: {
        bet_count: 2,
        bet_amount: "150",
        settled_bet_count: 1,
        open_bet_count: 1,
        return_amount: "887.2",
        cashout_count: 1,
        cashout_amount: "262.2"
      }
    })
  })

  it("are payments, also with the integer and the nulls that its schemas take", () => {
    for (const change of [{}, { payment_id: 23_541 }, { base_amount: null }]) {
      const event = decode("realtime-payment", { ...paymentSample, ...change })
      expect(event.data).toMatchObject({ payment_id: "23541", base_amount: "0" })
      expect(evaluate(payments, [event], inUtc)).toMatchObject({ USD: { withdrawal_count: 1, withdrawal_amount: "32.76" } })
    }
  })

  it("are casino bets, also with the number that its schema takes for a game", () => {
    for (const change of [{}, { game_id: 10_911 }]) {
      expect(decode("realtime-casino", { ...casinoSample, ...change }).data).toMatchObject({ game_id: "10911", amount: "20" })
    }
  })

  it("are taken as its schemas allow them: Teaser, and null for the meta of a leg, of an outcome and of the bet", () => {
    const [bet] = sportsSamples
    const free = { ...leg("A - B", "1X2", 2), outcomes: [{ criterion_name: "1X2", outcome_label: "1", meta: null }], meta: null }
    const { data } = decode("realtime-sports-bet", { ...bet, bet_type: "Teaser", bets: [free], meta: null })
    expect(data).toMatchObject({ bet_type: "Teaser", bets: [{ outcomes: [{ meta: null }] }] })
  })
})
