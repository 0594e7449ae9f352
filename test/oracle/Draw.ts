import type { WireNumber } from "./FastTrackItem.ts"
import type { Random } from "./random.ts"

/** What the life cycles of one user are drawn with. */
export interface Draw {
  readonly random: Random
  readonly userId: string
  readonly timeZone: string
  readonly now: number
  /** A number no other call returns: for ids that must not meet. */
  readonly serial: () => number
  readonly currency: () => string
  /**
   * When something happened: mostly in the last weeks, often at the very instant of something else.
   */
  readonly instant: () => number
}

/**
 * An amount of any size, sign and spelling the contract admits; small whole ones often, so that
 * some meet.
 */
export const amount = ({ random }: Draw): WireNumber =>
  random.pick<() => WireNumber>([
    () => random.below(20),
    () => random.below(20),
    () => random.below(100_000) / 100,
    () => random.below(100_000) / 100,
    () => random.below(100_000) / 100,
    () => random.below(20) / 10,
    () => -random.below(1_000) / 100,
    () => 0,
    () => 1e-7 * random.below(9),
    () => ({ raw: `${random.below(1_000)}.${String(random.below(1e9)).padStart(9, "0")}${String(random.below(1e9)).padStart(9, "0")}` }),
    () => ({ raw: `0.0000000000000000000000000000${String(random.below(100)).padStart(2, "0")}` }),
    () => ({ raw: `${1 + random.below(8)}${"0123456789".repeat(2)}${String(random.below(1_000)).padStart(3, "0")}.5` }),
    () => ({ raw: random.pick(["-0", "0.00", "1.50", "125e-2", "1E3", "2.5e+1", "0e7", "-0.0", "1e-18", "12345678.000000000000000001"]) })
  ])()

/**
 * Ids that try comparing and keying: letter case, spaces, separators, and characters whose UTF-16
 * order is not their byte order.
 */
export const id = ({ random, serial }: Draw): string => {
  const number = serial()
  return random.pick([
    `${number}`,
    `${number}`,
    `a-${number}`,
    `A-${number}`,
    `😀${number}`,
    `\uff5e${number}`,
    `${number} `,
    `e\u0301|${number}`,
    `\u00e9:${number}`,
    `["${number}\\"]`
  ])
}
