import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import { AppendSignal } from "../event-log/AppendSignal.ts"
import { EventLog, type EventLogCorrupt, type EventLogUnavailable } from "../event-log/EventLog.ts"
import type { AppendOutcome, NewEvent } from "../event-log/LoggedEvent.ts"

/** Most events in one statement. Larger ones gain little and make everybody behind them wait. */
export const maxBatchEvents = 2000
/** Most payload characters in one statement, so that a batch of fat events stays well under the server's message limits. */
const maxBatchCharacters = 4 * 1024 * 1024

type AppendError = EventLogUnavailable | EventLogCorrupt

/** Told what became of the events of an append: their outcomes are those from `start` on, in order. Must not throw. */
export type Answer = (exit: Exit.Exit<ReadonlyArray<AppendOutcome>, AppendError>, start: number) => void

interface Append {
  readonly events: ReadonlyArray<NewEvent>
  readonly answer: Answer
}

/**
 * Group commit (design §1): a few lanes, each owning a share of the slices and writing one statement at a time. While a statement is on its way the
 * next batch forms from whatever arrives; an idle lane writes at once. Bounded by what its callers, the user processors, let wait.
 */
export class SliceWriters extends Context.Service<SliceWriters, {
  /**
   * Appends one user's events, at most {@link maxBatchEvents}, in order, and tells their outcomes after the commit. What has been handed over is written,
   * whether or not anybody still waits.
   */
  readonly append: (events: ReadonlyArray<NewEvent>, answer: Answer) => void
}>()("playtally/ingest/SliceWriters") {
  static readonly layer = Layer.effect(
    SliceWriters,
    Effect.gen(function*() {
      const log = yield* EventLog
      const signal = yield* AppendSignal
      const lanes: Array<Lane> = []
      for (let index = 0; index < log.laneCount; index++) {
        const lane = new Lane()
        lanes.push(lane)
        yield* Effect.forkScoped(writeForever(lane, log, signal))
      }
      return SliceWriters.of({
        append: (events, answer) => lanes[(events[0]?.slice ?? 0) % lanes.length]?.offer({ events, answer })
      })
    })
  )
}

class Lane {
  private waiting: Array<Append> = []
  readonly nonEmpty = Latch.makeUnsafe(false)

  offer(append: Append): void {
    this.waiting.push(append)
    this.nonEmpty.openUnsafe()
  }

  /** Takes appends, oldest first, up to the limits of a batch; at least one. */
  take(): ReadonlyArray<Append> {
    let events = 0
    let characters = 0
    let count = 0
    for (const append of this.waiting) {
      events += append.events.length
      for (const event of append.events) characters += event.payload.length
      if (count > 0 && (events > maxBatchEvents || characters > maxBatchCharacters)) break
      count++
    }
    const batch = this.waiting.slice(0, count)
    this.waiting = this.waiting.slice(count)
    if (this.waiting.length === 0) this.nonEmpty.closeUnsafe()
    return batch
  }
}

const writeForever = (lane: Lane, log: EventLog["Service"], signal: AppendSignal["Service"]) =>
  Effect.gen(function*() {
    yield* lane.nonEmpty.await
    // Lets everything that is ready to run hand in its events first, so that one request's users share a statement.
    yield* Effect.yieldNow
    yield* Effect.uninterruptible(writeBatch(lane.take(), log, signal))
  }).pipe(Effect.forever)

const writeBatch = Effect.fnUntraced(function*(batch: ReadonlyArray<Append>, log: EventLog["Service"], signal: AppendSignal["Service"]) {
  const events = batch.length === 1 ? batch[0]?.events ?? [] : batch.flatMap((append) => append.events)
  const exit = yield* Effect.exit(log.append(events))
  if (Exit.isSuccess(exit)) signal.notify(new Set(events.map(({ slice }) => slice)))
  let start = 0
  for (const append of batch) {
    append.answer(exit, start)
    start += append.events.length
  }
})
