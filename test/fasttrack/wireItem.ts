import * as Result from "effect/Result"
import { decodeItem, type InvalidItem } from "../../src/fasttrack/decodeItem.ts"
import type { EventType, FastTrackEvent } from "../../src/fasttrack/FastTrackEvent.ts"
import { bodyItems, parsedItems } from "../support/events/bulkItems.ts"

/** Names and JSON texts of fields, so that a test says exactly what stands in the body. */
export type WireFields = Readonly<Record<string, string>>

/** A leg with all its fields. */
export const wireLeg: WireFields = {
  is_free_bet: "true",
  is_risk_free_bet: "false",
  is_live: "true",
  tournament_name: `"Premier League"`,
  sports_name: `"Football"`,
  odds: "2.5",
  event_name: `"A - B"`,
  market: `"1X2"`,
  match_start: `"2026-02-01T20:00:00Z"`,
  outcomes: `[{"id":1}]`,
  meta: `{"feed":"x"}`
}

/** The JSON text of an object. */
export const objectText = (fields: WireFields): string =>
  `{${Object.entries(fields).map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(",")}}`

const common: WireFields = {
  user_id: `"player-17"`,
  timestamp: `"2026-01-31T12:00:00.123Z"`,
  entry_timestamp: `"2026-01-31T12:00:01Z"`,
  process_timestamp: `"2026-01-31T12:00:02Z"`
}

/** The data of an item of each kind with all its fields. */
export const wireData: { readonly [T in EventType]: WireFields } = {
  "realtime-casino": {
    ...common,
    unique_id: `"c-1"`,
    game_id: `"g-1"`,
    round_id: `"r-1"`,
    type: `"bet"`,
    amount: "1.5",
    currency: `"EUR"`,
    bonus_wager_amount: "0.5"
  },
  "realtime-payment": {
    ...common,
    payment_id: `"p-1"`,
    type: `"Credit"`,
    status: `"Approved"`,
    amount: "50",
    currency: `"EUR"`,
    base_amount: "55",
    vendor_name: `"vendor"`
  },
  "realtime-registration": {
    ...common,
    unique_id: `"a-1"`,
    username: `"lucky"`,
    registration_date: `"2026-01-30T08:00:00Z"`,
    country: `"MT"`,
    currency: `"EUR"`,
    gender: `"f"`,
    consent_email: "true",
    segmentation_isPromoBanned: "false"
  },
  "realtime-gameround": {
    ...common,
    unique_id: `"r-1"`,
    game_id: `"g-1"`,
    user_currency: `"EUR"`,
    meta_reporting_currency: `"USD"`,
    bonus_bet_user: "0",
    total_bet_user: "2",
    total_bet_base: "2.2",
    bonus_win_user: "0",
    total_win_user: "8",
    total_win_base: "8.8"
  },
  "realtime-sports-bet": {
    ...common,
    activity_id: `"b-1"`,
    activity_id_reference: `""`,
    amount: "10",
    bet_type: `"Single"`,
    odds: "2.5",
    total_odds: "2.5",
    bets: `[${objectText(wireLeg)}]`,
    bonus_wager_amount: "0",
    currency: `"EUR"`,
    is_cashout: "false",
    status: `"Approved"`,
    type: `"Bet"`
  },
  "realtime-login": { ...common, unique_id: `"l-1"` }
}

export const eventTypes = Object.keys(wireData) as ReadonlyArray<EventType>

/**
 * The text of an item: the one of `wireData` with some fields changed, or left out where the change
 * is null.
 */
export const itemOf = (event: EventType, change: Readonly<Record<string, string | null>> = {}): string => {
  const fields = Object.entries({ ...wireData[event], ...change }).filter((field): field is [string, string] => field[1] !== null)
  return `{"event":"${event}","data":${objectText(Object.fromEntries(fields))}}`
}

/** Decodes the text of one item as it would be in a body. */
export const decodeText = (item: string): Result.Result<FastTrackEvent, InvalidItem> =>
  decodeItem(parsedItems(bodyItems(`{"items":[${item}]}`))[0])

/** The event of a text that is valid. */
export const eventOf = (item: string): FastTrackEvent =>
  Result.match(decodeText(item), {
    onSuccess: (event) => event,
    onFailure: ({ issues }) => {
      throw new Error(`${item}: ${JSON.stringify(issues)}`)
    }
  })

/** What is wrong with a text that is not valid. */
export const invalidItemOf = (item: string): InvalidItem => {
  const result = decodeText(item)
  if (Result.isSuccess(result)) throw new Error(`${item} was taken`)
  return result.failure
}
