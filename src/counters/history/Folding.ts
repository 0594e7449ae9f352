import type { RecordedEvent } from "../../event-log/RecordedEvent.ts"
import type { Position } from "../../values/Position.ts"

/**
 * An event of a history.
 *
 * `bytes` is the length of its payload. `logged` is missing if no reader takes the event, because
 * of its size or its version.
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
  /** True once no further events are needed. */
  readonly isDone: boolean
  /** The bytes of memory that it takes, roughly. */
  readonly bytes: number
}

/**
 * A folding and how far it has come.
 *
 * It has all events up to `place`, and goes on up to `upTo`.
 */
export interface Progress<F extends Folding> {
  readonly folding: F
  place: number
  readonly upTo: Position
}
