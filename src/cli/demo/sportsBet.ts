import { wireAmount } from "./Currency.ts"
import type { Play, Scene, Step } from "./Scene.ts"
import { happenedAt, wireTime } from "./WireItem.ts"

const matches = [
  { sports: "Football", tournament: "Premier League", event: "Arsenal - Everton", market: "1x2" },
  { sports: "Football", tournament: "Allsvenskan", event: "AIK - Malmö FF", market: "Over/Under 2.5" },
  { sports: "Tennis", tournament: "ATP Finals", event: "Ruud - Sinner", market: "Winner" },
  { sports: "Basketball", tournament: "NBA", event: "Bulls - Lakers", market: "Handicap -4.5" },
  { sports: "Ice Hockey", tournament: "SHL", event: "Frölunda - Luleå", market: "1x2" },
  { sports: "Esports", tournament: "Majors", event: "Team One - Team Two", market: "Map 1 winner" }
] as const

const hour = 3_600_000

/**
 * A bet on one match or several, and its settlement some time later, told by an event of its own
 * that names the bet: 0 for a lost bet, stake times odds for a won one, the stake for a void one,
 * or a cash-out. A free bet says so on every leg and returns what it wins without the stake. Once
 * in a while a bet is rolled back, or a settlement is rolled back and repeated.
 */
export const sportsBet = ({ nextId, player, random }: Scene, start: number): Play => {
  const { currency } = player
  const legCount = random.chance(0.65) ? 1 : random.between(2, 5)
  const betType = legCount === 1 ? "Single" : "Multi"
  const freeBet = random.chance(0.1)
  const legs = Array.from({ length: legCount }, () => ({
    match: random.pick(matches),
    hundredths: BigInt(random.between(115, 480)),
    live: random.chance(0.3),
    startsIn: random.between(0, 48) * hour / 2
  }))
  const totalHundredths = legs.reduce((odds, leg) => odds * leg.hundredths / 100n, 100n)
  const oddsOf = (hundredths: bigint) => Number(hundredths) / 100
  const stake = player.stake * BigInt(random.pick([5, 10, 10, 20]))
  const activityId = nextId()

  const step = (
    kind: { readonly type: "Bet" | "Settlement"; readonly status: "Approved" | "Rollback"; readonly is_cashout?: boolean },
    id: string,
    amount: bigint,
    after: number
  ): Step => ({
    after,
    item: (at) => ({
      event: "realtime-sports-bet",
      data: {
        ...happenedAt(player.userId, at),
        activity_id: id,
        activity_id_reference: kind.type === "Bet" ? "" : activityId,
        amount: wireAmount(amount, currency),
        bonus_wager_amount: wireAmount(freeBet && kind.type === "Bet" ? amount : 0n, currency),
        currency: currency.code,
        bet_type: betType,
        is_cashout: kind.is_cashout ?? false,
        status: kind.status,
        type: kind.type,
        ...kind.type === "Settlement" ? { bets: [] } : {
          ...legCount === 1 ? { odds: oddsOf(totalHundredths) } : { total_odds: oddsOf(totalHundredths) },
          bets: legs.map(({ hundredths, live, match, startsIn }) => ({
            sports_name: match.sports,
            tournament_name: match.tournament,
            event_name: match.event,
            market: match.market,
            match_start: wireTime(live ? at - startsIn / 20 : at + startsIn),
            is_live: live,
            is_free_bet: freeBet,
            odds: oddsOf(hundredths),
            outcomes: [{ name: match.market }]
          }))
        }
      }
    })
  })

  const bet = step({ type: "Bet", status: "Approved" }, activityId, stake, start)
  const balance = freeBet ? 0n : -stake
  if (random.chance(0.02)) {
    return { steps: [bet, step({ type: "Bet", status: "Rollback" }, activityId, stake, start + 2_000)], busy: 3_000, balance: 0n }
  }

  const settledAt = start + random.between(5_000, 60_000)
  const luck = random.next()
  const full = stake * totalHundredths / 100n - (freeBet ? stake : 0n)
  const [returned, isCashout] = luck < 0.55
    ? [0n, false]
    : luck < 0.9
    ? [full, false]
    : luck < 0.98
    ? [stake * BigInt(random.between(30, 180)) / 100n, true]
    : [stake, false]
  const settlementId = nextId()
  const settlement = { type: "Settlement", status: "Approved", is_cashout: isCashout } as const
  const steps = [bet, step(settlement, settlementId, returned, settledAt)]
  if (random.chance(0.02)) {
    steps.push(
      step({ ...settlement, status: "Rollback" }, settlementId, returned, settledAt + 1_000),
      step({ type: "Settlement", status: "Approved" }, nextId(), stake, settledAt + 2_000)
    )
  }
  return { steps, busy: random.between(2_000, 8_000), balance }
}
