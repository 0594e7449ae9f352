import * as Schema from "effect/Schema"
import { CasinoData } from "./CasinoData.ts"
import { Envelope } from "./Envelope.ts"
import { GameRoundData } from "./GameRoundData.ts"
import { LoginData } from "./LoginData.ts"
import { PaymentData } from "./PaymentData.ts"
import { RegistrationData } from "./RegistrationData.ts"
import { SportsBetData } from "./SportsBetData.ts"

/*
 * The bulk body as the published API describes it, made of the very schemas that decode it. It is
 * for the API's description: items are decoded one by one, by `decodeItem`.
 */

const sample = { user_id: "player-17", timestamp: "2026-01-31T12:00:00Z" }

export const CasinoItem = Schema.toEncoded(Schema.Struct({
  event: Schema.Literal("realtime-casino"),
  data: Schema.Struct({ ...Envelope.fields, ...CasinoData.fields }).annotate({ description: "FastTrack: Casino Event Data" })
})).annotate({
  identifier: "CasinoItem",
  description: "FastTrack: Bets and wins, sent as a separate events",
  examples: [{
    event: "realtime-casino",
    data: {
      ...sample,
      unique_id: "c-1",
      game_id: "game-7",
      round_id: "r-1",
      type: "bet",
      amount: 1.5,
      currency: "EUR",
      bonus_wager_amount: 0
    }
  }]
})

export const PaymentItem = Schema.toEncoded(Schema.Struct({
  event: Schema.Literal("realtime-payment"),
  data: Schema.Struct({ ...Envelope.fields, ...PaymentData.fields }).annotate({ description: "FastTrack Payment Event Data" })
})).annotate({
  identifier: "PaymentItem",
  description: "FastTrack: Withdrawals or deposits",
  examples: [{
    event: "realtime-payment",
    data: {
      ...sample,
      payment_id: "p-1",
      type: "credit",
      status: "approved",
      amount: 50,
      currency: "EUR",
      base_amount: 50,
      vendor_name: "vendor-1"
    }
  }]
})

export const RegistrationItem = Schema.toEncoded(Schema.Struct({
  event: Schema.Literal("realtime-registration"),
  data: Schema.Struct({ ...Envelope.fields, ...RegistrationData.fields }).annotate({
    description: "FastTrack: Player registration and account update details"
  })
})).annotate({
  identifier: "RegistrationItem",
  description: "FastTrack: Player registration and account updates",
  examples: [{
    event: "realtime-registration",
    data: {
      ...sample,
      unique_id: "a-1",
      username: "player17",
      registration_date: "2026-01-31T11:59:00Z",
      country: "MT",
      currency: "EUR",
      gender: null,
      consent_email: true
    }
  }]
})

export const GameRoundItem = Schema.toEncoded(Schema.Struct({
  event: Schema.Literal("realtime-gameround"),
  data: Schema.Struct({ ...Envelope.fields, ...GameRoundData.fields }).annotate({ description: "FastTrack: GameRound Event Data" })
})).annotate({
  identifier: "GameRoundItem",
  description: "FastTrack: Bet and possibly Win sent as one event",
  examples: [{
    event: "realtime-gameround",
    data: {
      ...sample,
      unique_id: "r-1",
      game_id: "game-7",
      user_currency: "EUR",
      bonus_bet_user: 0,
      total_bet_user: 1.5,
      total_bet_base: 1.5,
      bonus_win_user: 0,
      total_win_user: 6,
      total_win_base: 6
    }
  }]
})

export const SportsBetItem = Schema.toEncoded(Schema.Struct({
  event: Schema.Literal("realtime-sports-bet"),
  data: Schema.Struct({ ...Envelope.fields, ...SportsBetData.fields })
})).annotate({
  identifier: "SportsBetItem",
  description: "Sports bets and their settlements, sent as separate events",
  examples: [{
    event: "realtime-sports-bet",
    data: {
      ...sample,
      activity_id: "b-1",
      activity_id_reference: "",
      amount: 10,
      bet_type: "Single",
      odds: 2.5,
      bets: [{ tournament_name: "Premier League", sports_name: "Football", odds: 2.5, market: "1X2" }],
      bonus_wager_amount: 0,
      currency: "EUR",
      status: "Approved",
      type: "Bet"
    }
  }]
})

export const LoginItem = Schema.toEncoded(Schema.Struct({
  event: Schema.Literal("realtime-login"),
  data: Schema.Struct({ ...Envelope.fields, ...LoginData.fields }).annotate({ description: "Login Event Data" })
})).annotate({
  identifier: "LoginItem",
  description: "A player logged in",
  examples: [{ event: "realtime-login", data: { ...sample, unique_id: "l-1" } }]
})

/** One item of a bulk body. */
export const BulkItem = Schema.Union([CasinoItem, PaymentItem, RegistrationItem, GameRoundItem, SportsBetItem, LoginItem])

/** A bulk body: `{"items": [...]}`, or the bare array. */
export const BulkBody = Schema.Union([Schema.Struct({ items: Schema.Array(BulkItem) }), Schema.Array(BulkItem)])
