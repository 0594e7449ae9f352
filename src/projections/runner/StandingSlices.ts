import type { Slice } from "../../values/Slice.ts"
import type { Lagging } from "../feed/Checkpoints.ts"

/**
 * Tells which slices stand still from one look to the next.
 *
 * A slice whose position has moved has somebody who feeds it, however far behind it is.
 */
export class StandingSlices {
  private before = new Map<Slice, number>()

  /** The slices that are behind, and were at the same position at the last look. */
  since(lagging: ReadonlyArray<Lagging>): ReadonlyArray<Lagging> {
    const standing = lagging.filter(({ position, slice }) => this.before.get(slice) === position)
    this.before = new Map(lagging.map(({ position, slice }) => [slice, position]))
    return standing
  }
}
