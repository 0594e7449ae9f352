import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import type { EventLog } from "../event-log/EventLog.ts"
import type { ErasedEvent, LoggedEvent } from "../event-log/LoggedEvent.ts"
import { eventData, type EventType } from "../fasttrack/FastTrackEvent.ts"

/** What was read of some slices after their checkpoints, up to where nothing is missing. */
export interface Chunk {
  /** Of the types asked for; perhaps others and erased ones too. */
  readonly events: ReadonlyArray<LoggedEvent | ErasedEvent>
  /** Up to which position there is no hole; only slices that have got on. */
  readonly reached: ReadonlyMap<number, number>
  readonly holes: ReadonlyArray<number>
  /** Slices of which there may be more. */
  readonly more: ReadonlyArray<number>
}

const kinds = Object.keys(eventData).length

/**
 * Reads the events of some types after the given positions of some slices, from at most `limit` positions of each. Positions are dense, so a missing one is
 * corruption, and what follows it is not touched.
 *
 * Where not all types are asked for, it is first counted that no position is missing, which takes a small part of the time that reading the others would.
 */
export const readChunk = Effect.fnUntraced(function*(
  log: EventLog["Service"],
  from: ReadonlyMap<number, number>,
  limit: number,
  types: ReadonlySet<EventType>
) {
  if (types.size === kinds) return yield* readWhole(log, from, limit)
  const counted = (yield* log.count(places(from), limit)).map((part) => ({ ...part, start: from.get(part.slice) ?? 0 }))
  if (counted.some(({ events, position, start }) => events !== position - start)) return yield* readWhole(log, from, limit)
  const parts = counted.filter(({ events }) => events > 0)
  const events = parts.length === 0
    ? []
    : yield* log.readParts(parts.map(({ position, slice, start }) => ({ slice, position: start, upTo: position })), [...types])
  // A slice that ends here may go on behind a hole; what comes next may also have been appended since.
  const short = counted.filter(({ events }) => events < limit)
  const beyond = short.length === 0 ? [] : yield* log.read(short, 1)
  return {
    events,
    reached: new Map(parts.map(({ position, slice }) => [slice, position])),
    holes: beyond.filter((event) => short.every(({ position, slice }) => slice !== event.slice || event.position !== position + 1))
      .map(({ slice }) => slice),
    more: parts.filter(({ events }) => events === limit).map(({ slice }) => slice)
  }
}) satisfies (...args: never) => Effect.Effect<Chunk, SqlError.SqlError>

const readWhole = (log: EventLog["Service"], from: ReadonlyMap<number, number>, limit: number): Effect.Effect<Chunk, SqlError.SqlError> =>
  Effect.map(log.read(places(from), limit), (read) => {
    const reached = new Map<number, number>()
    const holes = new Set<number>()
    for (const { position, slice } of read) {
      if (holes.has(slice)) continue
      if (position === (reached.get(slice) ?? from.get(slice) ?? 0) + 1) reached.set(slice, position)
      else holes.add(slice)
    }
    return {
      events: holes.size === 0 ? read : read.filter(({ position, slice }) => position <= (reached.get(slice) ?? 0)),
      reached,
      holes: [...holes],
      more: [...reached].filter(([slice, position]) => position - (from.get(slice) ?? 0) === limit).map(([slice]) => slice)
    }
  })

const places = (from: ReadonlyMap<number, number>) => [...from].map(([slice, position]) => ({ slice, position }))
