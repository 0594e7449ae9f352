/** A seeded source of choices: the same seed gives the same choices on every machine. */
export interface Random {
  /** A number in [0, 1). */
  readonly next: () => number
  /** A whole number in [0, limit). */
  readonly below: (limit: number) => number
  /** True in a share `probability` of the calls. */
  readonly chance: (probability: number) => boolean
  /** One of the values; throws if there are none. */
  readonly pick: <A>(values: ReadonlyArray<A>) => A
}

/** The generator mulberry32, which is small and good enough to choose test data. */
export const seededRandom = (seed: number): Random => {
  let state = seed | 0
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return {
    next,
    below,
    chance: (probability) => next() < probability,
    pick: <A>(values: ReadonlyArray<A>): A => {
      if (values.length === 0) throw new Error("nothing to pick from")
      return values[below(values.length)] as A
    }
  }
}

/** The values in another order, every order being as likely. */
export const shuffle = <A>(random: Random, values: ReadonlyArray<A>): ReadonlyArray<A> =>
  values.map((value) => ({ value, rank: random.next() })).toSorted((a, b) => a.rank - b.rank).map(({ value }) => value)

/**
 * The values in the order given, cut into batches of 1 to `maxSize`; small and large batches are
 * about as frequent.
 */
export const cutIntoBatches = <A>(random: Random, values: ReadonlyArray<A>, maxSize = 2_000): ReadonlyArray<ReadonlyArray<A>> => {
  const batches: Array<ReadonlyArray<A>> = []
  for (let start = 0; start < values.length;) {
    const size = Math.max(1, Math.floor((maxSize + 1) ** random.next()))
    batches.push(values.slice(start, start + size))
    start += size
  }
  return batches
}
