import { known } from "../../values/known.ts"
import { currencies, type Currency } from "./Currency.ts"
import { seededRandom } from "./SeededRandom.ts"

/** Who plays: the same in every run, so that profiles stay and streaks grow from run to run. */
export interface Player {
  readonly index: number
  readonly userId: string
  readonly username: string
  readonly country: string
  readonly currency: Currency
  readonly gender: "female" | "male" | null
  /** Epoch milliseconds. */
  readonly registeredAt: number
  /** A usual stake in minor units; a few players stake a lot. */
  readonly stake: bigint
  readonly games: readonly [string, ...ReadonlyArray<string>]
  /** How much of the play is betting on sports, 0 to 1. */
  readonly sportsShare: number
  /** On how many of the last days, without a gap, the player has logged in before. */
  readonly streak: number
}

const games = ["book-of-tides", "lucky-lantern", "fruit-orchard", "viking-feast", "blackjack-classic", "roulette-royal", "crash-comet"]
const countries: Record<string, readonly [string, ...ReadonlyArray<string>]> = {
  EUR: ["MT", "FI", "DE", "IE"],
  SEK: ["SE"],
  USD: ["US", "EC"],
  JPY: ["JP"],
  BTC: ["EE", "BR"],
  ETH: ["CA", "PT"]
}
const firstNames = [
  "ada",
  "bo",
  "cleo",
  "dag",
  "ea",
  "finn",
  "gro",
  "hugo",
  "ivy",
  "jon",
  "kaja",
  "liv",
  "mio",
  "nora",
  "otto",
  "pia"
] as const

const registeredFrom = Date.UTC(2024, 0, 1)
const day = 86_400_000

/** The player of that number, from 1. */
export const playerOf = (index: number): Player => {
  const random = seededRandom(54, index)
  const currency = random.chance(0.5) ? currencies[0] : random.pick(currencies)
  const first = random.between(0, games.length - 1)
  return {
    index,
    userId: `demo-${String(index).padStart(4, "0")}`,
    username: `${random.pick(firstNames)}${index}`,
    country: random.pick(known(countries[currency.code], `countries of ${currency.code}`)),
    currency,
    gender: random.pick(["female", "male", null] as const),
    registeredAt: registeredFrom + random.between(0, 700) * day + random.between(0, day - 1),
    stake: currency.stake * BigInt(random.pick([1, 1, 2, 2, 4, 10, random.chance(0.1) ? 200 : 20])),
    games: [known(games[first], "game"), known(games[(first + 2) % games.length], "game")],
    sportsShare: random.pick([0, 0.02, 0.05, 0.2, 0.5]),
    streak: random.chance(0.4) ? random.between(1, 9) : 0
  }
}
