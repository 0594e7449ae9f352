import { clockChanges, loginsOf, registrations } from "./accountItems.ts"
import { changeContent } from "./changeContent.ts"
import type { Draw } from "./Draw.ts"
import type { FastTrackItem } from "./FastTrackItem.ts"
import { payment } from "./paymentItems.ts"
import { casinoRound, gameRound } from "./playItems.ts"
import { seededRandom } from "./random.ts"
import { identityOf } from "./referenceCounters.ts"
import { respellItem } from "./spellings.ts"
import { sportsBet } from "./sportsItems.ts"

export { cutIntoBatches, seededRandom, shuffle } from "./random.ts"
export { toBody } from "./toBody.ts"

const day = 86_400_000

const names: ReadonlyArray<(number: number) => string> = [
  (number) => `player-${number}`,
  (number) => `Player-${number - 1}`,
  (number) => ` player-${number} `,
  (number) => `ü😀-${number}`,
  (number) => `e\u0301-${number}`,
  (number) => `\u00e9-${number - 3}`,
  (number) => `a/b?c=${number}&d#e`,
  (number) => `100%-%2F${number}`,
  (number) => `"quo\\te"'${number}`,
  (number) => `line\nbreak\t${number}\u0001`,
  (number) => `__proto__${number}`,
  (number) => `${number}`
]

const userIdOf = (prefix: string, number: number): string => {
  // Every 40th id is as long as an id may be: 256 code points, in more UTF-16 units.
  if (number % 40 === 39) return [...`${prefix}${number}-${"😀".repeat(256)}`].slice(0, 256).join("")
  const name = number % 3 === 0 ? (names[(number / 3) % names.length] ?? String) : (plain: number) => `player-${plain}`
  return prefix + name(number)
}

const currencies = ["EUR", "eur", "Eur", "USD", "usd", "BTC", "mBTC", "uXBT", "SEK", "straße", "ı", "€"]

/**
 * Items of the life cycles of several users, realistic ones and nasty ones, all of them valid: the
 * service must store each or answer it as a duplicate, in whatever order and batches they arrive.
 * The same options give the same items.
 *
 * Of two items with one idempotency identity the second says the same as the first, often in other
 * words. With `conflicts`, items are added at the end that reuse an identity with other content;
 * `conflictIndexes` are their places, and each must be rejected as `idempotency_conflict` once all
 * items before it are stored.
 *
 * Ids are unique within a user and reused between users and kinds. `userPrefix` keeps the users of
 * two runs apart.
 */
export const generateItems = (options: {
  readonly seed: number
  readonly users: number
  /** How many items a user has on average, about; default 60. Users differ by a factor of ten. */
  readonly itemsPerUser?: number
  readonly timeZone?: string
  /** Around when things happen; default 2026-06-15T12:00:00Z. */
  readonly now?: Date
  readonly userPrefix?: string
  readonly conflicts?: boolean
}): {
  readonly items: ReadonlyArray<FastTrackItem>
  readonly userIds: ReadonlyArray<string>
  readonly conflictIndexes: ReadonlyArray<number>
} => {
  const random = seededRandom(options.seed)
  const timeZone = options.timeZone ?? "UTC"
  const now = (options.now ?? new Date("2026-06-15T12:00:00Z")).getTime()
  const changes = clockChanges({ now, timeZone })
  const userIds = Array.from({ length: options.users }, (_, number) => userIdOf(options.userPrefix ?? "", number))

  const items = userIds.flatMap((userId) => {
    let serial = 0
    const some = [0, 1, 2].map(() => now - random.below(60) * day + random.below(day))
    const ownCurrencies = [random.pick(currencies), random.pick(currencies), "EUR"]
    const draw: Draw = {
      random,
      userId,
      timeZone,
      now,
      serial: () => serial++,
      currency: () => random.chance(0.95) ? random.pick(ownCurrencies) : random.pick(currencies),
      instant: () =>
        random.chance(0.3)
          ? random.pick(some)
          : random.chance(0.02)
          ? Date.parse(random.pick(["1900-01-01T00:00:00Z", "1969-12-31T23:59:59.999Z", "2200-12-31T20:00:00Z"]))
          : now - random.below(60 * day) + random.below(2 * day)
    }
    const target = (options.itemsPerUser ?? 60) * random.pick([0.2, 0.5, 1, 1, 2, 2])
    // Twelve logins or so and a few registrations are given; play fills the rest.
    const own = new Map<string, FastTrackItem>()
    const add = (some: ReadonlyArray<FastTrackItem>) => {
      for (const item of some) {
        const identity = identityOf(item)
        if (!own.has(identity)) own.set(identity, item)
      }
    }
    if (random.chance(0.6)) add(loginsOf(draw, changes))
    if (random.chance(0.7)) add(registrations(draw))
    const plays = [casinoRound, casinoRound, casinoRound, gameRound, gameRound, gameRound, payment, sportsBet].filter(() =>
      random.chance(0.8)
    )
    while (plays.length > 0 && own.size < target) add(random.pick(plays)(draw))
    const fresh = [...own.values()]
    const repeats = fresh.filter(() => random.chance(0.15)).map((item) => random.chance(0.3) ? item : respellItem(random, item))
    return [...fresh, ...repeats]
  })

  const conflicting = options.conflicts === true ? items.filter(() => random.chance(0.05)).map((item) => changeContent(random, item)) : []
  return { items: [...items, ...conflicting], userIds, conflictIndexes: conflicting.map((_, index) => items.length + index) }
}
