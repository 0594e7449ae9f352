import { amount, type Draw, id } from "./Draw.ts"
import type { CasinoData, FastTrackItem, WireNumber } from "./FastTrackItem.ts"
import { spellInstant } from "./spellings.ts"

/** Ids with what keys may trip over; the last ones are too long for an index and begin alike. */
const gameIds = [
  "game-0",
  "game-1",
  "Game-1",
  "",
  "7",
  "__proto__",
  "\uff5e",
  "😀 & co",
  `${"long ".repeat(700)}a`,
  `${"long ".repeat(700)}b`
]

/**
 * Bets, wins and losses of one casino round, some of them rolled back; now and then a rollback
 * without its bet.
 */
export const casinoRound = (draw: Draw): ReadonlyArray<FastTrackItem> => {
  const { random } = draw
  const currency = draw.currency()
  const start = draw.instant()
  const roundId = id(draw)
  const gameId = random.pick(gameIds)
  const event = (type: CasinoData["type"], uniqueId: string, value: WireNumber): FastTrackItem => ({
    event: "realtime-casino",
    data: {
      user_id: draw.userId,
      timestamp: spellInstant(random, start + random.below(5) * 700),
      unique_id: uniqueId,
      game_id: gameId,
      round_id: roundId,
      type,
      amount: value,
      currency: random.chance(0.9) ? currency : draw.currency(),
      bonus_wager_amount: random.chance(0.7) ? 0 : amount(draw)
    }
  })
  const betId = id(draw)
  const winId = random.chance(0.5) ? betId : id(draw)
  const stake = amount(draw)
  const win = random.chance(0.3) ? 0 : amount(draw)
  return [
    ...random.chance(0.9) ? [event("bet", betId, stake)] : [],
    ...random.chance(0.2) ? [event("bet", id(draw), amount(draw))] : [],
    ...random.chance(0.15) ? [event("rollbackbet", random.chance(0.5) ? betId : id(draw), random.chance(0.8) ? stake : amount(draw))] : [],
    ...random.chance(0.5) ? [event("win", winId, win)] : [],
    ...random.chance(0.3) ? [event("loss", random.chance(0.5) ? betId : id(draw), random.chance(0.5) ? 0 : amount(draw))] : [],
    ...random.chance(0.1) ? [event("rollbackwin", random.chance(0.5) ? winId : id(draw), random.chance(0.8) ? win : amount(draw))] : []
  ]
}

/** One game round. */
export const gameRound = (draw: Draw): ReadonlyArray<FastTrackItem> => {
  const { random } = draw
  return [{
    event: "realtime-gameround",
    data: {
      user_id: draw.userId,
      timestamp: spellInstant(random, draw.instant()),
      unique_id: id(draw),
      game_id: random.pick(gameIds),
      user_currency: draw.currency(),
      ...random.chance(0.3) ? { meta_reporting_currency: random.pick(["EUR", null]) } : {},
      bonus_bet_user: random.chance(0.7) ? 0 : amount(draw),
      total_bet_user: amount(draw),
      ...random.chance(0.5) ? { total_bet_base: amount(draw) } : {},
      bonus_win_user: random.chance(0.7) ? 0 : amount(draw),
      total_win_user: random.chance(0.4) ? 0 : amount(draw),
      ...random.chance(0.5) ? { total_win_base: amount(draw) } : {}
    }
  }]
}
