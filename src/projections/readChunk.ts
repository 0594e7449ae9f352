import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import type { EventLog } from "../event-log/EventLog.ts"
import type { ErasedEvent, LoggedEvent } from "../event-log/LoggedEvent.ts"

/** What was read of some slices after their checkpoints, up to where nothing is missing. */
export interface Chunk {
  readonly events: ReadonlyArray<LoggedEvent | ErasedEvent>
  /** Up to which position there is no hole; only slices that have got on. */
  readonly reached: ReadonlyMap<number, number>
  readonly holes: ReadonlyArray<number>
  /** Slices of which there may be more. */
  readonly more: ReadonlyArray<number>
}

/** Reads the next events of some slices, at most `limit` of each. Positions are dense, so a missing one is corruption, and what follows it is not touched. */
export const readChunk = Effect.fnUntraced(function*(log: EventLog["Service"], from: ReadonlyMap<number, number>, limit: number) {
  const read = yield* log.read(places(from), limit)
  const reached = new Map<number, number>()
  const counts = new Map<number, number>()
  const holes = new Set<number>()
  for (const { position, slice } of read) {
    if (holes.has(slice)) continue
    if (position !== (reached.get(slice) ?? from.get(slice) ?? 0) + 1) {
      holes.add(slice)
      continue
    }
    reached.set(slice, position)
    counts.set(slice, (counts.get(slice) ?? 0) + 1)
  }
  return {
    events: holes.size === 0 ? read : read.filter(({ position, slice }) => position <= (reached.get(slice) ?? 0)),
    reached,
    holes: [...holes],
    more: [...counts].filter(([, count]) => count === limit).map(([slice]) => slice)
  } satisfies Chunk
}) satisfies (...args: never) => Effect.Effect<Chunk, SqlError.SqlError>

/**
 * The same, reading only the events of some types, once it has been counted that none is missing: for those who read the whole log for a few of its types.
 * Counting them takes a small part of the time that reading them does.
 */
export const readChunkOf = Effect.fnUntraced(function*(
  log: EventLog["Service"],
  from: ReadonlyMap<number, number>,
  limit: number,
  types: ReadonlyArray<string>
) {
  const counted = yield* log.count(places(from), limit)
  const lengthOf = ({ position, slice }: { readonly slice: number; readonly position: number }) => position - (from.get(slice) ?? 0)
  if (counted.some((part) => part.events !== lengthOf(part))) return yield* readChunk(log, from, limit)
  const parts = counted.filter(({ events }) => events > 0)
  const events = yield* log.readParts(
    parts.map(({ position, slice }) => ({ slice, position: from.get(slice) ?? 0, upTo: position })),
    types
  )
  return {
    events,
    reached: new Map(parts.map(({ position, slice }) => [slice, position])),
    holes: [],
    more: parts.filter(({ events }) => events === limit).map(({ slice }) => slice)
  } satisfies Chunk
}) satisfies (...args: never) => Effect.Effect<Chunk, SqlError.SqlError>

const places = (from: ReadonlyMap<number, number>) => [...from].map(([slice, position]) => ({ slice, position }))
