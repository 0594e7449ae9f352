import * as Schema from "effect/Schema"
import { formatTable } from "../formatTable.ts"
import type { Player } from "./Player.ts"

const perCurrency = <S extends Schema.Constraint>(schema: S) => Schema.optionalKey(Schema.Record(Schema.String, schema))

/**
 * What the demo shows of a player's counters (docs/design.md#counters); a section that the server
 * leaves out reads as if there were nothing.
 */
export const PlayerCounters = Schema.Struct({
  user_id: Schema.String,
  casino: perCurrency(Schema.Struct({ bet_count: Schema.Int, net_bet_amount: Schema.String, ggr: Schema.String })),
  game_rounds: perCurrency(Schema.Struct({ round_count: Schema.Int, biggest_multiplier: Schema.String })),
  payments: perCurrency(Schema.Struct({ deposit_count: Schema.Int, deposit_amount: Schema.String })),
  sports: perCurrency(Schema.Struct({ bet_count: Schema.Int, open_bet_count: Schema.Int })),
  win_streak: Schema.optionalKey(Schema.Struct({ current: Schema.Int, longest: Schema.Int })),
  logins: Schema.optionalKey(Schema.Struct({ current_streak: Schema.Int }))
})
export type PlayerCounters = typeof PlayerCounters.Type

const rowOf = ({ currency, userId }: Player, counters: PlayerCounters | undefined): ReadonlyArray<string> => {
  const casino = counters?.casino?.[currency.code]
  const rounds = counters?.game_rounds?.[currency.code]
  const payments = counters?.payments?.[currency.code]
  const sports = counters?.sports?.[currency.code]
  return [
    userId,
    currency.code,
    `${casino?.bet_count ?? 0}`,
    casino?.net_bet_amount ?? "0",
    casino?.ggr ?? "0",
    `${rounds?.round_count ?? 0}`,
    rounds?.biggest_multiplier ?? "0",
    `${counters?.win_streak?.current ?? 0} (${counters?.win_streak?.longest ?? 0})`,
    `${payments?.deposit_count ?? 0}: ${payments?.deposit_amount ?? "0"}`,
    `${sports?.bet_count ?? 0} (${sports?.open_bet_count ?? 0} open)`,
    `${counters?.logins?.current_streak ?? 0}`
  ]
}

const headings = ["PLAYER", "CUR", "BETS", "STAKED", "GGR", "ROUNDS", "BEST x", "WINS IN A ROW", "DEPOSITS", "SPORTS BETS", "DAYS IN A ROW"]

/** A few players' counters, each in the player's own currency, as lines. */
export const countersTable = (players: ReadonlyArray<Player>, counters: ReadonlyArray<PlayerCounters>): ReadonlyArray<string> =>
  formatTable(headings, players.map((player) => rowOf(player, counters.find(({ user_id }) => user_id === player.userId))))
