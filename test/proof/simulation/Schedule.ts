import { createHash } from "node:crypto"
import { type Random, seededRandom } from "../../oracle/random.ts"

/** Something that may happen next, and how likely it is beside the others. */
export interface Choice<A> {
  readonly weight: number
  readonly value: A
}

/**
 * Everything a run leaves to chance, drawn from its seed, and what happened, line by line. The same
 * seed gives the same lines.
 */
export class Schedule {
  readonly seed: number
  readonly random: Random
  readonly trace: Array<string> = []

  constructor(seed: number) {
    this.seed = seed
    this.random = seededRandom(seed)
  }

  note(line: string): void {
    this.trace.push(line)
  }

  /** One of the choices; the first of them if all weigh nothing. */
  choose<A>(choices: readonly [Choice<A>, ...Array<Choice<A>>]): A {
    let left = this.random.next() * choices.reduce((sum, { weight }) => sum + weight, 0)
    return (choices.find(({ weight }) => (left -= weight) < 0) ?? choices[0]).value
  }

  /** Tells two runs apart. */
  get hash(): string {
    return createHash("sha256").update(this.trace.join("\n")).digest("hex").slice(0, 16)
  }
}
