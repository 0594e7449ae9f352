import type { MoveStep } from "./moveRecord.ts"

/** How far a move is. */
export interface MoveProgress {
  readonly step: MoveStep
  /** Tables that are copied, of all; while they are being copied. */
  readonly tables?: readonly [ready: number, all: number]
  /** Events copied so far, of those that the source has; while they are being copied. */
  readonly events?: readonly [copied: number, all: number]
  /** Milliseconds that a change took to come to the target. */
  readonly behind?: number
  /** Rows and events that the halves of a split have removed, which the other half has. */
  readonly removed?: number
}

/** Who hears how far a move is. */
export type TellProgress = (progress: MoveProgress) => void
