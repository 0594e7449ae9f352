/** An id that may be written as an integer. */
export type WireId = string | WireNumber

/**
 * A number as it is written in the body: a JavaScript number, or the digits themselves where a
 * double would lose some.
 */
export type WireNumber = number | { readonly raw: string }

interface Common {
  readonly user_id: string
  readonly timestamp: string
  readonly entry_timestamp?: string | null
  readonly process_timestamp?: string | null
}

export interface CasinoData extends Common {
  readonly unique_id: string
  readonly game_id: WireId
  readonly round_id: WireId
  readonly type: "bet" | "win" | "loss" | "rollbackbet" | "rollbackwin"
  readonly amount: WireNumber
  readonly bonus_wager_amount: WireNumber
  readonly currency: string
}

export interface PaymentData extends Common {
  readonly payment_id: WireId
  readonly type: string
  readonly status: string
  readonly amount: WireNumber
  readonly currency: string
  readonly base_amount?: WireNumber | null
  readonly vendor_name: string
}

export interface RegistrationData extends Common {
  readonly unique_id: string
  readonly username: string
  readonly registration_date: string
  readonly country: string
  readonly currency: string
  readonly gender: string | null
  readonly consent_email: boolean | null
  readonly segmentation_isPromoBanned?: boolean | null
}

export interface GameRoundData extends Common {
  readonly unique_id: string
  readonly game_id: WireId
  readonly user_currency: string
  readonly meta_reporting_currency?: string | null
  readonly bonus_bet_user: WireNumber
  readonly total_bet_user: WireNumber
  readonly total_bet_base?: WireNumber | null
  readonly bonus_win_user: WireNumber
  readonly total_win_user: WireNumber
  readonly total_win_base?: WireNumber | null
}

export interface SportsLeg {
  readonly is_free_bet?: boolean | null
  readonly is_risk_free_bet?: boolean | null
  readonly is_live?: boolean | null
  readonly tournament_name: string
  readonly sports_name: string
  readonly odds: WireNumber
  readonly event_name?: string | null
  readonly market?: string | null
  readonly match_start?: string | null
  readonly outcomes?: ReadonlyArray<object> | null
  readonly meta?: object | null
}

export interface SportsBetData extends Common {
  readonly activity_id: string
  readonly activity_id_reference: string
  readonly type: string
  readonly status: string
  readonly amount: WireNumber
  readonly bonus_wager_amount: WireNumber
  readonly currency: string
  readonly bet_type: "Single" | "Multi" | "System" | "Teaser"
  readonly odds?: WireNumber | null
  readonly total_odds?: WireNumber | null
  readonly bets?: ReadonlyArray<SportsLeg> | null
  readonly is_cashout?: boolean | null
}

export interface LoginData extends Common {
  readonly unique_id: string
}

/**
 * One item of the bulk body as FastTrack sends it (docs/design.md#the-bulk-endpoint), before
 * anything of it is interpreted.
 */
export type FastTrackItem =
  | { readonly event: "realtime-casino"; readonly data: CasinoData }
  | { readonly event: "realtime-payment"; readonly data: PaymentData }
  | { readonly event: "realtime-registration"; readonly data: RegistrationData }
  | { readonly event: "realtime-gameround"; readonly data: GameRoundData }
  | { readonly event: "realtime-sports-bet"; readonly data: SportsBetData }
  | { readonly event: "realtime-login"; readonly data: LoginData }
