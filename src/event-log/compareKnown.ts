import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { arrayOf } from "../database/arrayOf.ts"
import { differingFields, sameContent, type StoredContent } from "../fasttrack/sameContent.ts"
import type { Position } from "../values/Position.ts"
import { erasedVersion } from "./pseudonym.ts"
import { readableEvent } from "./readableEvent.ts"
import type { EventOutcome, NewEvent } from "./RecordedEvent.ts"

/**
 * An event that was not appended, for its key is stored at `position`, with a payload that the
 * append did not read.
 */
export interface KnownEvent {
  readonly event: NewEvent
  readonly position: Position
}

/** Most events that one statement reads. */
const maxEvents = 32
/** Most bytes of payloads in one answer, the first payload aside. */
const maxBytes = 4 * 1024 * 1024

interface ContentRow {
  readonly payload_version: number
  readonly occurred_at: Date
  readonly comparison: "same text" | "too long" | "other text" | "later"
  /** Of another text. */
  readonly payload: string | null
}

/**
 * Tells duplicates from conflicts among events whose stored payloads are long, in the order given.
 *
 * The append leaves them to this, which holds no lock and no writer: only their sender waits while
 * they are read.
 */
export const compareKnown = (
  sql: PgClient.PgClient,
  known: ReadonlyArray<KnownEvent>
): Effect.Effect<ReadonlyArray<EventOutcome>, SqlError.SqlError> =>
  Effect.gen(function*() {
    const outcomes: Array<EventOutcome> = []
    while (outcomes.length < known.length) {
      const asked = known.slice(outcomes.length, outcomes.length + maxEvents)
      const rows = yield* readContents(sql, asked)
      if (rows.length !== asked.length) return yield* Effect.die(new Error("an event that was stored is not in the log"))
      for (const [index, known] of asked.entries()) {
        const row = rows[index]
        if (row === undefined || row.comparison === "later") break
        outcomes.push(outcomeOf(known, row))
        // A comparison of two payloads parses both.
        yield* Effect.yieldNow
      }
    }
    return outcomes
  })

const outcomeOf = ({ event, position }: KnownEvent, { comparison, occurred_at, payload, payload_version }: ContentRow): EventOutcome => {
  // What an erased event said cannot be compared any more.
  if (payload_version === erasedVersion) return { _tag: "Duplicate", position }
  // It is several times as long as any event that can be sent.
  if (comparison === "too long") return { _tag: "Conflict", position, fields: ["data"] }
  return compareContent(event, position, {
    payloadVersion: payload_version,
    payload: payload ?? event.payload,
    occurredAt: occurred_at.getTime()
  })
}

/** Whether an event is a duplicate of the one stored at a position under its key, or a conflict. */
export const compareContent = (event: NewEvent, position: Position, stored: StoredContent): EventOutcome =>
  sameContent(event, stored)
    ? { _tag: "Duplicate", position }
    : { _tag: "Conflict", position, fields: differingFields(event, stored) }

/** One row for each event, in the order given. The first is never `later`. */
const readContents = (sql: PgClient.PgClient, known: ReadonlyArray<KnownEvent>) =>
  sql<ContentRow>`
    with known as (
      select * from unnest(
        ${arrayOf.int2(known.map(({ event }) => event.slice))}::smallint[],
        ${arrayOf.int8(known.map(({ position }) => position))}::bigint[],
        ${arrayOf.text(known.map(({ event }) => event.payload))}::text[]
      ) with ordinality as k (slice, position, payload, ord)
    ),
    -- Written out once: each use of a compressed payload would decompress it again.
    stored as materialized (
      select k.ord, e.payload_version, e.occurred_at, e.payload::text as payload, k.payload as other
      from known as k join events as e on e.slice = k.slice and e.position = k.position
    ),
    compared as (
      select
        ord, payload_version, occurred_at, payload,
        case when payload = other then 'same text' when octet_length(payload) > ${readableEvent} then 'too long' else 'other text' end as comparison
      from stored
    ),
    measured as (
      select
        *,
        sum(case when comparison = 'other text' then octet_length(payload) else 0 end) over (order by ord) as bytes,
        row_number() over (partition by comparison order by ord) as nth
      from compared
    )
    select
      payload_version, occurred_at,
      case when comparison = 'other text' and bytes > ${maxBytes} and nth > 1 then 'later' else comparison end as comparison,
      case when comparison = 'other text' and (bytes <= ${maxBytes} or nth = 1) then payload end as payload
    from measured
    order by ord`
