/** A seeded source of choices. The same seeds give the same choices on every machine. */
export interface SeededRandom {
  /** A number in [0, 1). */
  readonly next: () => number
  /** A whole number from `least` to `most`, both included. */
  readonly between: (least: number, most: number) => number
  /** True in a share `probability` of the calls. */
  readonly chance: (probability: number) => boolean
  readonly pick: <T extends readonly [unknown, ...ReadonlyArray<unknown>]>(values: T) => T[number]
}

/**
 * The generator mulberry32, from one seed or from several together, such as a player and a session.
 *
 * Effect's `Random` does not replace it. The players are the same in every run and every release,
 * so that profiles stay and streaks grow from run to run. A generator of Effect's may change with
 * its version, and needs an effect for each choice, while sessions are made by plain functions.
 */
export const seededRandom = (...seeds: ReadonlyArray<number>): SeededRandom => {
  let state = seeds.reduce((hash, seed) => Math.imul(hash ^ seed, 0x9e3779b1) ^ (hash >>> 15), 0x2545f491)
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const between = (least: number, most: number) => least + Math.floor(next() * (most - least + 1))
  return {
    next,
    between,
    chance: (probability) => next() < probability,
    pick: (values) => values[between(0, values.length - 1)] ?? values[0]
  }
}
