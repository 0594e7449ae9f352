import type { RecordedEvent } from "../event-log/RecordedEvent.ts"
import type { Position } from "../values/Position.ts"

/**
 * An event of a history; without `logged` it is one that no reader takes, for its size or its
 * version. `bytes` is the length of its payload.
 */
export interface HistoryEvent {
  readonly position: Position
  readonly type: string
  readonly bytes: number
  readonly logged: RecordedEvent | undefined
}

/** What a history is folded into, piece by piece. */
export interface Folding {
  /** Takes the next events. It must not throw. */
  readonly add: (events: ReadonlyArray<HistoryEvent>) => void
  /** Set once no further events are needed. */
  readonly isDone: boolean
  /** About how much memory it takes. */
  readonly bytes: number
}

/** A folding and how far it has come: all events up to `place` are in it, of those up to `upTo`. */
export interface Progress<F extends Folding> {
  readonly folding: F
  place: number
  readonly upTo: Position
}
