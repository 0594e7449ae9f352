/** A seeded source of choices: the same seeds give the same choices on every machine. */
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
 * The generator mulberry32, small and good enough to make up traffic. Several seeds together (a
 * player, a session) make one of their own.
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
