import * as Effect from "effect/Effect"
import { copyCounts, forgetCounts, hasCountsOf } from "../../projections/tables/splitCounts.ts"
import { cutNotes, cutRankings, cutRest, type Cutting, type Half, inHalf } from "./cutHalf.ts"

/** The databases of a split after the fence. */
export interface Halves {
  /** The id of the move that is the split. */
  readonly move: string
  /** The source, with the lower slices. */
  readonly stayed: Half
  /** The target, with the upper ones. */
  readonly left: Half
}

/**
 * Begins the end of a split: the half that has stayed is told what both ranked at the fence. From
 * then on leaderboards are read in both, see `splitCounts.ts`.
 *
 * It may be repeated. The half is told once, for later the counts have become less.
 */
export const beginCut = Effect.fnUntraced(function*({ left, move, stayed }: Halves) {
  yield* cutNotes(stayed)
  yield* cutNotes(left)
  const tell = copyCounts(left.sql, stayed.sql, move)
  yield* inHalf(stayed, Effect.flatMap(hasCountsOf(stayed.sql, move), (has) => has ? Effect.void : tell))
})

/**
 * Has both halves remove the rows that the other one has, rankings first. `endShrinking` notes in
 * the directory that each ranks its own users alone. It may be repeated.
 */
export const endCut = Effect.fnUntraced(
  function*<E, F>({ left, move, stayed }: Halves, cutting: Cutting<E> & { readonly endShrinking: Effect.Effect<unknown, F> }) {
    const inBoth = (what: typeof cutRankings) =>
      Effect.forEach([stayed, left], (half) => what(half, cutting), { concurrency: 2, discard: true })
    yield* inBoth(cutRankings)
    yield* cutting.endShrinking
    yield* inBoth(cutRest)
    // The half that has left comes first, so that the other one is told nothing again.
    for (const half of [left, stayed]) yield* inHalf(half, forgetCounts(half.sql, move))
  }
)
