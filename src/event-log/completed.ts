import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import type { Position } from "../values/Position.ts"
import type { Slice } from "../values/Slice.ts"
import type { LogEntry, RecordedEvent, UnreadableEvent, WithheldEvent } from "./RecordedEvent.ts"

/** Fetches withheld events, in order, at least the first. */
export type Fetch = (
  withheld: ReadonlyArray<WithheldEvent>
) => Effect.Effect<ReadonlyArray<RecordedEvent | UnreadableEvent>, SqlError.SqlError>

const isWithheld = (entry: LogEntry | WithheldEvent): entry is WithheldEvent => entry.event === null && entry.withheld !== undefined

/**
 * What was read: a slice ends before its first event for which there was no room, and `cut` has
 * that event's position.
 */
export interface Completed {
  readonly entries: ReadonlyArray<LogEntry>
  readonly cut: ReadonlyMap<Slice, Position>
}

/**
 * Fetches the payloads that were withheld, as far as there is room for them.
 *
 * The first event is always in the answer. A slice ends where there was no more room, and nothing
 * is missing before that. The entries are in order of slice and position, or of one slice.
 */
export const completed = Effect.fnUntraced(function*(looked: ReadonlyArray<LogEntry | WithheldEvent>, fetch: Fetch) {
  const cut = new Map<Slice, Position>()
  // They are all entries then.
  if (!looked.some(isWithheld)) return { entries: looked as ReadonlyArray<LogEntry>, cut }
  const fetched = yield* fetch(looked.filter(isWithheld))
  const entries: Array<LogEntry> = []
  let next = 0
  for (const entry of looked) {
    const event = isWithheld(entry) ? fetched[next++] : entry
    if (cut.has(entry.slice)) continue
    if (event === undefined) cut.set(entry.slice, entry.position)
    else entries.push(event)
  }
  return { entries, cut }
}) satisfies (...args: never) => Effect.Effect<Completed, SqlError.SqlError>
