import * as Context from "effect/Context"
import * as Semaphore from "effect/Semaphore"
import type { ReadBound, SlicePosition } from "../../event-log/RecordedEvent.ts"

/**
 * How careful the runners of a thread are with its memory: see `ProjectionThreads`, which makes
 * them more careful after a thread has used up its heap.
 */
export interface Caution {
  /** The part of its usual size that a chunk has, from 1 down to {@link leastPortion}. */
  portion: number
  /**
   * Events that have used up a thread's memory alone, as {@link placeId}: they are not read, and
   * park their users.
   */
  readonly condemned: ReadonlySet<string>
  /**
   * Notes the event that is tried alone, or that none is, where it is found after the thread has
   * died.
   */
  readonly suspect: (place: SlicePosition | undefined) => void
  /** Held while an event is tried alone: no other runner of the thread tries one then. */
  readonly oneAtATime: Semaphore.Semaphore
}

/** The smallest portion: chunks of one event, one chunk at a time. */
export const leastPortion = 1 / 4096

export const placeId = ({ position, slice }: SlicePosition): string => `${slice}/${position}`

/** None, unless a thread has died. */
export const Caution = Context.Reference<Caution>("playtally/projections/Caution", {
  defaultValue: () => ({ portion: 1, condemned: new Set(), suspect: () => {}, oneAtATime: Semaphore.makeUnsafe(1) })
})

/** Whether events are tried one by one. */
export const isAlone = ({ portion }: Caution): boolean => portion <= leastPortion

/** A portion of a bound. */
export const portionOf = (caution: Caution, { bytes, events }: ReadBound): ReadBound =>
  isAlone(caution)
    ? { events: 1, bytes: 2 }
    : { events: Math.max(1, Math.floor(events * caution.portion)), bytes: Math.max(2, Math.floor(bytes * caution.portion)) }
