import type { Player } from "./Player.ts"
import type { SeededRandom } from "./SeededRandom.ts"
import type { WireItem } from "./WireItem.ts"

/** What a player's session is made up with. */
export interface Scene {
  readonly player: Player
  readonly random: SeededRandom
  /** An id that no other event of the run has. */
  readonly nextId: () => string
}

/**
 * Something that the player does, `after` milliseconds from the beginning of the session.
 *
 * It becomes an item when the time of day is known.
 */
export interface Step {
  readonly after: number
  readonly item: (happenedAt: number) => WireItem
}

/**
 * A piece of play: its steps, how long the player is busy with it, and what it does to the balance
 * (minor units).
 */
export interface Play {
  readonly steps: ReadonlyArray<Step>
  readonly busy: number
  readonly balance: bigint
}
