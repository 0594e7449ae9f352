import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Result from "effect/Result"
import { classifySqlError } from "../../database/classifySqlError.ts"
import { takeTurns } from "../../platform/takeTurns.ts"
import { known } from "../../values/known.ts"
import { EventLogCorrupt, EventLogUnavailable, SliceMoved } from "../EventLogError.ts"
import { appendReruns } from "../metrics.ts"
import type { NewEvent } from "../RecordedEvent.ts"
import type { AppendMemory } from "./AppendMemory.ts"
import { type PendingEvent, pendingEvents, setRepeatsAside, settleRepeats } from "./PendingEvent.ts"
import { runStatement } from "./runStatement.ts"
import { settleAnswer } from "./settleAnswer.ts"

/**
 * Appends events and gives one outcome for each, in the same order. See `EventLog.append`.
 *
 * The way of an event: a {@link PendingEvent} for each event; repeats within the append set aside;
 * the others through the statement; their outcomes from its answer; then the repeats'.
 */
export const appendEvents = Effect.fnUntraced(function*(sql: PgClient.PgClient, memory: AppendMemory, events: ReadonlyArray<NewEvent>) {
  const pending = pendingEvents(events)
  const firsts = setRepeatsAside(pending)
  yield* write(sql, memory, firsts)
  if (firsts.length < pending.length) yield* takeTurns(settleRepeats(pending))
  return pending.map(({ outcome }) => known(outcome, "outcome of an appended event"))
})

/** Reruns of one statement after the unique key refused it, before its events go in halves. */
const maxReruns = 5

/**
 * Writes events, no two of one key, and settles them.
 *
 * A statement that fails has stored nothing. Three rules say what follows:
 *
 * 1. The unique key of events refused it: its snapshot was older than its locks. It runs again with
 *    a look-up, {@link maxReruns} times, and then in halves.
 * 2. The database cannot hold one of its values: it runs in halves, until the event stands alone
 *    and is Refused.
 * 3. A position was used twice: the log is corrupt. Anything else: the log is unavailable.
 *
 * What may pass in a few seconds was retried before: see {@link runStatement}. A statement that
 * meets an erasure unknown to this process has stored nothing either. It runs again once the
 * erasure is known, with a look-up.
 */
const write = (
  sql: PgClient.PgClient,
  memory: AppendMemory,
  batch: ReadonlyArray<PendingEvent>
): Effect.Effect<void, EventLogUnavailable | EventLogCorrupt> =>
  Effect.gen(function*() {
    const events = batch.map(({ event }) => event)
    const inHalves = Effect.suspend(() => {
      const half = batch.length >> 1
      return Effect.andThen(write(sql, memory, batch.slice(0, half)), write(sql, memory, batch.slice(half)))
    })

    for (let run = 0;; run++) {
      const looksUp = run > 0 || memory.repeats.areExpected
      const result = yield* Effect.result(runStatement(sql, memory, { events, looksUp }))
      if (Result.isSuccess(result)) {
        if (result.success.some(({ kind }) => kind === "moved")) return yield* new EventLogUnavailable({ cause: new SliceMoved() })
        const unknown = result.success.find(({ kind }) => kind === "unknown erasures")
        if (unknown?.kind === "unknown erasures") {
          yield* Effect.mapError(memory.erased.load(sql, unknown.position), (cause) => new EventLogUnavailable({ cause }))
          continue
        }
        const { committed, repeats } = yield* takeTurns(settleAnswer(result.success, batch))
        for (const [slice, position] of committed) memory.histories.noteCommitted(slice, position)
        if (looksUp || repeats > 0) memory.repeats.saw(repeats)
        return
      }
      if (result.failure._tag === "EventLogUnavailable") return yield* result.failure
      const failure = classifySqlError(result.failure)
      if (failure._tag === "UniqueViolation" && failure.constraint === "events_idempotency_key") {
        yield* Metric.update(appendReruns, 1)
        if (run < maxReruns) continue
        if (batch.length > 1) return yield* inHalves
      } else if (failure._tag === "BadData") {
        if (batch.length > 1) return yield* inHalves
        for (const pending of batch) pending.outcome = { _tag: "Refused", message: failure.message }
        return
      } else if (failure._tag === "UniqueViolation") {
        return yield* new EventLogCorrupt({ message: `A position was used twice (${failure.constraint}): nothing more is written.` })
      }
      return yield* new EventLogUnavailable({ cause: result.failure })
    }
  })
