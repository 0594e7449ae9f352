import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { completed, type Fetch } from "../../event-log/completed.ts"
import type { EventLog } from "../../event-log/EventLog.ts"
import type { LogEntry, ReadBound, WithheldEvent } from "../../event-log/RecordedEvent.ts"
import { type EventType, eventTypes } from "../../fasttrack/FastTrackEvent.ts"
import { Position } from "../../values/Position.ts"
import type { Slice } from "../../values/Slice.ts"
import { type Caution, placeId } from "./Caution.ts"

/** A position that is missing, while others follow it: nothing after it can be folded. */
export interface LogGap {
  readonly slice: Slice
  readonly position: Position
}

/** What was read of some slices after their checkpoints, up to where nothing is missing. */
export interface Chunk {
  /** Events of the types asked for; others and erased ones may be among them. */
  readonly events: ReadonlyArray<LogEntry>
  /** The position up to which none is missing, of each slice that has events to feed. */
  readonly reached: ReadonlyMap<Slice, Position>
  readonly gaps: ReadonlyArray<LogGap>
  /** Slices that may have more events. */
  readonly more: ReadonlyArray<Slice>
}

/** What a chunk is read with. */
export interface Reader {
  readonly log: EventLog["Service"]
  /** Gets the payloads that are not small, or the first such payload. */
  readonly fetch: Fetch
  readonly caution?: Caution | undefined
}

/**
 * Reads the events of some types after the given positions of some slices, as many as the bound
 * has. Positions are dense, so a missing one is corruption, and what follows it is not touched.
 * Where payloads have no room, their slices end before the first without.
 *
 * Where not all types are asked for, it first counts that no position is missing. That takes a
 * small part of the time that reading the others would.
 */
export const readChunk = Effect.fnUntraced(function*(
  reader: Reader,
  from: ReadonlyMap<Slice, Position>,
  bound: ReadBound,
  types: ReadonlySet<EventType>
) {
  const { log } = reader
  if (types.size === eventTypes.length) return yield* readWhole(reader, from, bound)
  const counted = (yield* log.count(places(from), bound.events)).map((part) => ({ ...part, start: from.get(part.slice) ?? Position(0) }))
  if (counted.some(({ events, position, start }) => events !== position - start)) return yield* readWhole(reader, from, bound)
  const parts = counted.filter(({ events }) => events > 0)
  const wanted = parts.map(({ position, slice, start }) => ({ slice, position: start, upTo: position }))
  const looked = parts.length === 0 ? [] : yield* log.lookAtParts(wanted, [...types], bound.bytes)
  const { cut, entries } = yield* complete(reader, looked)
  const reached = parts.map(({ position, slice, start }) => {
    const before = cut.get(slice)
    return { slice, start, position: before === undefined ? position : Position(before - 1) }
  })
  // A slice that ends here may go on behind a gap; the next event may also have been appended
  // since.
  const short = counted.filter(({ events, slice }) => events < bound.events && !cut.has(slice))
  const beyond = short.length === 0 ? [] : yield* log.look(short, { events: 1, bytes: bound.bytes })
  return {
    events: entries,
    reached: new Map(reached.filter(({ position, start }) => position > start).map(({ position, slice }) => [slice, position])),
    gaps: short.filter(({ position, slice }) => beyond.some((event) => event.slice === slice && event.position !== position + 1))
      .map(({ position, slice }) => ({ slice, position: Position(position + 1) })),
    more: parts.filter(({ events, slice }) => events === bound.events || cut.has(slice)).map(({ slice }) => slice)
  }
}) satisfies (...args: never) => Effect.Effect<Chunk, SqlError.SqlError>

const readWhole = Effect.fnUntraced(function*(reader: Reader, from: ReadonlyMap<Slice, Position>, bound: ReadBound) {
  const { cut, entries } = yield* complete(reader, yield* reader.log.look(places(from), bound))
  const reached = new Map<Slice, Position>()
  const gaps = new Map<Slice, Position>()
  for (const { position, slice } of entries) {
    if (gaps.has(slice)) continue
    const expected = Position((reached.get(slice) ?? from.get(slice) ?? 0) + 1)
    if (position === expected) reached.set(slice, position)
    else gaps.set(slice, expected)
  }
  const ends = [...reached].filter(([slice, position]) => position - (from.get(slice) ?? 0) === bound.events).map(([slice]) => slice)
  return {
    events: gaps.size === 0 ? entries : entries.filter(({ position, slice }) => position <= (reached.get(slice) ?? 0)),
    reached,
    gaps: [...gaps].map(([slice, position]) => ({ slice, position })),
    // A slice that was cut behind a gap has no more: the events after the gap are not touched.
    more: [...new Set([...ends, ...cut.keys()])].filter((slice) => !gaps.has(slice))
  }
}) satisfies (...args: never) => Effect.Effect<Chunk, SqlError.SqlError>

const complete = ({ caution, fetch }: Reader, looked: ReadonlyArray<LogEntry | WithheldEvent>) =>
  completed(caution === undefined || caution.condemned.size === 0 ? looked : looked.map((entry) => readable(caution, entry)), fetch)

const readable = (caution: Caution, entry: LogEntry | WithheldEvent): LogEntry | WithheldEvent => {
  const type = entry.event?.event ?? ("type" in entry ? entry.type : undefined)
  if (type === undefined || !caution.condemned.has(placeId(entry))) return entry
  const { position, recordedAt, slice, tenantId, userId } = entry
  return {
    slice,
    position,
    tenantId,
    userId,
    recordedAt,
    event: null,
    type,
    unreadable: "it used up the memory of the projections' thread"
  }
}

const places = (from: ReadonlyMap<Slice, Position>) => [...from].map(([slice, position]) => ({ slice, position }))
