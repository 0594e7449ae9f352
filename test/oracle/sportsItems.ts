import { amount, type Draw, id } from "./Draw.ts"
import type { FastTrackItem, SportsBetData, SportsLeg, WireNumber } from "./FastTrackItem.ts"
import { spellInstant } from "./spellings.ts"

const leg = (draw: Draw): SportsLeg => {
  const { random } = draw
  return {
    tournament_name: random.pick(["Serie A", "Ligue 1", ""]),
    sports_name: random.pick(["football", "esports"]),
    odds: random.pick<WireNumber>([1.5, 2, { raw: "1.0100000000000000001" }]),
    ...random.chance(0.4) ? { is_free_bet: random.chance(0.5) } : {},
    ...random.chance(0.3) ? { is_risk_free_bet: random.chance(0.5) } : {},
    ...random.chance(0.3) ? { is_live: random.chance(0.5) } : {},
    ...random.chance(0.5) ? { event_name: random.pick(["A - B", null]) } : {},
    ...random.chance(0.3) ? { market: random.pick(["1x2", null]) } : {},
    ...random.chance(0.5) ? { match_start: random.chance(0.3) ? null : spellInstant(random, draw.instant()) } : {},
    ...random.chance(0.2) ? { outcomes: [{ name: "home", price: 1.25, nested: { deep: [null, true, "ü"] } }, {}] } : {},
    ...random.chance(0.2) ? { meta: { source: "feed", level: 3, list: [1, "two"] } } : {}
  }
}

/**
 * A bet with its settlements, cash-outs and rollbacks; some settlements name no bet or one that is
 * not there.
 */
export const sportsBet = (draw: Draw): ReadonlyArray<FastTrackItem> => {
  const { random } = draw
  const currency = draw.currency()
  const start = draw.instant()
  const betId = id(draw)
  const event = (
    fields: Pick<SportsBetData, "activity_id" | "activity_id_reference" | "type" | "status" | "amount"> & Partial<SportsBetData>
  ): FastTrackItem => ({
    event: "realtime-sports-bet",
    data: {
      user_id: draw.userId,
      timestamp: spellInstant(random, start + random.below(4) * 3_600_000),
      bet_type: random.pick(["Single", "Multi", "System", "Teaser"]),
      bonus_wager_amount: random.chance(0.7) ? 0 : amount(draw),
      currency: random.chance(0.85) ? currency : draw.currency(),
      ...random.chance(0.2) ? { odds: 6.25 } : {},
      ...random.chance(0.2) ? { total_odds: amount(draw) } : {},
      ...fields
    }
  })
  const stake = amount(draw)
  const bet = {
    activity_id: betId,
    activity_id_reference: random.pick(["", "", betId]),
    amount: stake,
    ...random.chance(0.2) ? { is_cashout: random.chance(0.5) } : {},
    ...random.chance(0.2) ? { bets: null } : random.chance(0.9) ? { bets: Array.from({ length: random.below(4) }, () => leg(draw)) } : {}
  }
  const settle = (value: WireNumber): ReadonlyArray<FastTrackItem> => {
    const settlement = {
      activity_id: random.chance(0.2) ? betId : id(draw),
      activity_id_reference: random.chance(0.85) ? betId : random.pick(["", "1", "7", "nowhere", betId.toUpperCase(), `${betId} `]),
      type: random.pick(["Settlement", "settlement", "SETTLEMENT"]),
      amount: value,
      bets: [],
      ...random.chance(0.4) ? { is_cashout: random.chance(0.6) } : {}
    }
    return [
      ...random.chance(0.9) ? [event({ ...settlement, status: random.pick(["Approved", "approved"]) })] : [],
      ...random.chance(0.15) ? [event({ ...settlement, status: random.pick(["Rollback", "rollbac\u212a"]) })] : [],
      ...random.chance(0.1) ? [event({ ...settlement, status: random.pick(["Cancelled", "pending", "approved "]) })] : []
    ]
  }
  const returns: ReadonlyArray<WireNumber> = random.pick<() => ReadonlyArray<WireNumber>>([
    () => [],
    () => [0],
    () => [amount(draw)],
    () => [amount(draw), amount(draw)],
    // Returns that cancel out, perhaps in two currencies, leave the bet lost.
    () => [5, -5],
    () => [{ raw: "0.30" }, -0.1, -0.2],
    () => Array.from({ length: 3 }, () => amount(draw))
  ])()
  return [
    ...random.chance(0.93)
      ? [event({ ...bet, type: random.pick(["Bet", "bet", "BET"]), status: random.pick(["Approved", "approved"]) })]
      : [],
    ...random.chance(0.1) ? [event({ ...bet, type: "Bet", status: random.pick(["Rollback", "ROLLBACK", "rollbac\u212a"]) })] : [],
    ...random.chance(0.1) ? [event({ ...bet, type: random.pick(["Refund", "Win", "Teaser", "bet "]), status: "Approved" })] : [],
    ...random.chance(0.1) ? [event({ ...bet, type: "Bet", status: random.pick(["Cancelled", "Open", "rolled back"]) })] : [],
    ...returns.flatMap(settle)
  ]
}
