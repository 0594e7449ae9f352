import { wireAmount, wireBaseAmount } from "./Currency.ts"
import type { Play, Scene, Step } from "./Scene.ts"
import type { SeededRandom } from "./SeededRandom.ts"
import { happenedAt } from "./WireItem.ts"

/** What a bet wins, in hundredths of the stake: mostly nothing, seldom a lot. */
const multiplier = (random: SeededRandom): bigint => {
  const luck = random.next()
  if (luck < 0.68) return 0n
  if (luck < 0.9) return BigInt(random.between(20, 250))
  if (luck < 0.985) return BigInt(random.between(250, 1_000))
  if (luck < 0.999) return BigInt(random.between(1_000, 6_000))
  return BigInt(random.between(10_000, 80_000))
}

/**
 * A casino round: a bet (at a table sometimes two), then a win, or a loss told either as a loss or
 * as a win of 0; once in a while the bet or the win is rolled back. With it comes the game round
 * that FastTrack builds from the same play: none for a bet that was rolled
 * back.
 */
export const casinoRound = ({ nextId, player, random }: Scene, start: number): Play => {
  const { currency } = player
  const gameId = random.pick(player.games)
  const table = gameId.startsWith("blackjack") || gameId.startsWith("roulette")
  const roundId = nextId()
  const withBonus = random.chance(0.08)
  const bonusOf = (amount: bigint) => withBonus ? amount / 2n : 0n
  const casino = (type: "bet" | "win" | "loss" | "rollbackbet" | "rollbackwin", id: string, amount: bigint, after: number): Step => ({
    after,
    item: (at) => ({
      event: "realtime-casino",
      data: {
        ...happenedAt(player.userId, at),
        unique_id: id,
        game_id: gameId,
        round_id: roundId,
        type,
        amount: wireAmount(amount, currency),
        currency: currency.code,
        bonus_wager_amount: wireAmount(bonusOf(amount), currency)
      }
    })
  })

  const stake = player.stake * BigInt(random.pick([1, 1, 1, 2, 3]))
  const betId = nextId()
  const bet = casino("bet", betId, stake, start)
  // Nothing says whether a rollback comes with the id of what it reverses, so both happen.
  const reversalOf = (id: string) => random.chance(0.5) ? id : nextId()
  if (random.chance(0.02)) {
    return { steps: [bet, casino("rollbackbet", reversalOf(betId), stake, start + 700)], busy: 1_500, balance: 0n }
  }

  const doubled = table && random.chance(0.2)
  const total = doubled ? stake * 2n : stake
  const end = start + random.between(700, table ? 3_000 : 1_200)
  const won = total * multiplier(random) / 100n
  const winId = nextId()
  const steps = [bet]
  if (doubled) steps.push(casino("bet", nextId(), stake, start + 500))
  if (won === 0n) {
    steps.push(table ? casino("loss", winId, 0n, end) : casino("win", winId, 0n, end))
  } else if (random.chance(0.01)) {
    steps.push(casino("win", winId, won * 2n, end), casino("rollbackwin", reversalOf(winId), won * 2n, end + 300))
    steps.push(casino("win", nextId(), won, end + 300))
  } else {
    steps.push(casino("win", winId, won, end))
  }
  steps.push({
    after: end + 400,
    item: (at) => ({
      event: "realtime-gameround",
      data: {
        ...happenedAt(player.userId, at),
        unique_id: roundId,
        game_id: gameId,
        user_currency: currency.code,
        meta_reporting_currency: "EUR",
        bonus_bet_user: wireAmount(bonusOf(stake) * (doubled ? 2n : 1n), currency),
        total_bet_user: wireAmount(total, currency),
        total_bet_base: wireBaseAmount(total, currency),
        bonus_win_user: wireAmount(bonusOf(won), currency),
        total_win_user: wireAmount(won, currency),
        total_win_base: wireBaseAmount(won, currency)
      }
    })
  })
  return { steps, busy: end - start + random.between(400, 2_500), balance: won - total }
}
