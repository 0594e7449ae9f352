import * as Result from "effect/Result"
import { decodeItem } from "../../../src/fasttrack/decodeItem.ts"
import type { EventOf, EventType } from "../../../src/fasttrack/FastTrackEvent.ts"
import { parseJson } from "../../../src/fasttrack/parseJson.ts"
import { UserId } from "../../../src/values/UserId.ts"
import type {
  CasinoData,
  GameRoundData,
  LoginData,
  PaymentData,
  RegistrationData,
  SportsBetData,
  WireNumber
} from "../../oracle/FastTrackItem.ts"
import { toBody } from "../../oracle/toBody.ts"

/**
 * Events for tests. Each builder fills in everything but what the test is about, and decodes the
 * item as the bulk endpoint does, so that no test is built on an event that could not be in the
 * log. All are of the user `player` unless `user_id` says otherwise. Ids are given out in
 * ascending order, and every event is at noon UTC of 1 January 2026 unless `at` says otherwise.
 *
 * Amounts are decimal text, in which every digit counts, or numbers.
 */
type Fields<D> = { readonly [K in Exclude<keyof D, "timestamp">]?: WireNumber extends D[K] ? D[K] | string : D[K] } & {
  /** The event's timestamp, as FastTrack may write it. */
  readonly at?: string
}

const noon = "2026-01-01T12:00:00Z"

let serial = 0
const nextId = (prefix: string): string => `${prefix}-${String(++serial).padStart(6, "0")}`

const amounts = new Set([
  "amount",
  "base_amount",
  "bonus_wager_amount",
  "bonus_bet_user",
  "total_bet_user",
  "total_bet_base",
  "bonus_win_user",
  "total_win_user",
  "total_win_base",
  "odds",
  "total_odds"
])

const eventOf = <T extends EventType>(
  event: T,
  { at = noon, ...fields }: { readonly at?: string } & Readonly<Record<string, unknown>>
): EventOf<T> => {
  const data = Object.entries(fields).map((
    [name, value]
  ) => [name, amounts.has(name) && typeof value === "string" ? { raw: value } : value])
  const item = parseJson(toBody([{ event, data: { user_id: "player", timestamp: at, ...Object.fromEntries(data) } }], "array"))
  const [decoded] = Array.isArray(item) ? item.map((wire: unknown) => decodeItem(wire)) : []
  if (decoded === undefined || Result.isFailure(decoded)) {
    throw new Error(`This ${event} would be rejected: ${JSON.stringify(decoded?.failure.issues)}`)
  }
  // The decoder of the kind was asked, and gave an event of it.
  return decoded.success as EventOf<T>
}

const casinoOf = (type: CasinoData["type"]) => (fields: Fields<CasinoData> = {}): EventOf<"realtime-casino"> =>
  eventOf("realtime-casino", {
    unique_id: nextId(type),
    game_id: "game",
    round_id: "round",
    type,
    amount: "10",
    currency: "EUR",
    bonus_wager_amount: "0",
    ...fields
  })

/** A casino bet of 10 EUR. */
export const bet = casinoOf("bet")
const sample = bet()
/** A casino bet of 10 EUR that is not decoded again: for tests with many thousand events. */
export const undecodedBet = (userId: string, unique_id: string): EventOf<"realtime-casino"> => ({
  ...sample,
  userId: UserId(userId),
  data: { ...sample.data, unique_id }
})
/** A casino win of 10 EUR. */
export const win = casinoOf("win")
/** A lost casino round. FastTrack also sends a win of 0. */
export const loss = casinoOf("loss")
/** A casino bet of 10 EUR taken back. */
export const rollbackBet = casinoOf("rollbackbet")
/** A casino win of 10 EUR taken back. */
export const rollbackWin = casinoOf("rollbackwin")

/** A game round that bet 10 EUR and won nothing. */
export const gameRound = (fields: Fields<GameRoundData> = {}): EventOf<"realtime-gameround"> =>
  eventOf("realtime-gameround", {
    unique_id: nextId("round"),
    game_id: "game",
    user_currency: "EUR",
    bonus_bet_user: "0",
    total_bet_user: "10",
    bonus_win_user: "0",
    total_win_user: "0",
    ...fields
  })

/** An approved deposit of 10 EUR. The events of one payment share their `payment_id`. */
export const payment = (fields: Fields<PaymentData> = {}): EventOf<"realtime-payment"> =>
  eventOf("realtime-payment", {
    payment_id: nextId("payment"),
    type: "Credit",
    status: "Approved",
    amount: "10",
    currency: "EUR",
    vendor_name: "vendor",
    ...fields
  })

/** An approved sports bet of 10 EUR. */
export const sportsBet = (fields: Fields<SportsBetData> = {}): EventOf<"realtime-sports-bet"> =>
  eventOf("realtime-sports-bet", {
    activity_id: nextId("sports-bet"),
    activity_id_reference: "",
    type: "Bet",
    status: "Approved",
    amount: "10",
    bonus_wager_amount: "0",
    currency: "EUR",
    bet_type: "Single",
    ...fields
  })

/** An approved settlement that returns 10 EUR; `activity_id_reference` names its bet. */
export const settlement = (fields: Fields<SportsBetData> = {}): EventOf<"realtime-sports-bet"> =>
  sportsBet({ activity_id: nextId("settlement"), type: "Settlement", ...fields })

/** A login. */
export const login = (fields: Fields<LoginData> = {}): EventOf<"realtime-login"> =>
  eventOf("realtime-login", { unique_id: nextId("login"), ...fields })

/** A registration, or an update of the account. */
export const registration = (fields: Fields<RegistrationData> = {}): EventOf<"realtime-registration"> =>
  eventOf("realtime-registration", {
    unique_id: nextId("registration"),
    username: "player",
    registration_date: "2020-05-05T00:00:00Z",
    country: "MT",
    currency: "EUR",
    gender: null,
    consent_email: null,
    ...fields
  })
