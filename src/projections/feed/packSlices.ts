import type { Slice } from "../../values/Slice.ts"
import type { Lagging } from "./Checkpoints.ts"

/**
 * Puts slices together so that a chunk of at most that many events takes all there is of each; the
 * largest first, one alone if it has more.
 */
export const packSlices = (
  lagging: ReadonlyArray<Pick<Lagging, "slice" | "events">>,
  maxEvents: number
): ReadonlyArray<ReadonlyArray<Slice>> => {
  const sorted = lagging.toSorted((a, b) => b.events - a.events)
  const chunks: Array<ReadonlyArray<Slice>> = []
  for (let start = 0; start < sorted.length;) {
    const end = start + Math.max(1, Math.floor(maxEvents / (sorted[start]?.events ?? 1)))
    chunks.push(sorted.slice(start, end).map(({ slice }) => slice))
    start = end
  }
  return chunks
}
