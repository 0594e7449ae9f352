/**
 * A history of the log and its last ancestors, as a cursor carries it. `history` is its number.
 * `tags` are random 64-bit signed integers: that of the history, that of the one before it, and so
 * on, at most {@link lineageLength}. They tell a history from one of the same number in a branch of
 * the log that was lost.
 */
export interface Lineage {
  readonly history: number
  readonly tags: ReadonlyArray<bigint>
}

/** The most tags of a {@link Lineage}. */
export const lineageLength = 8

/**
 * The lineage of what was read before the log had its first history, or by a release that knew
 * none.
 */
export const noHistory: Lineage = { history: 0, tags: [] }
