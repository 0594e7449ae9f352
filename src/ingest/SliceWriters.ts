import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import { AppendSignal } from "../event-log/AppendSignal.ts"
import { EventLog, type EventLogCorrupt, type EventLogUnavailable } from "../event-log/EventLog.ts"
import type { AppendOutcome, NewEvent } from "../event-log/RecordedEvent.ts"

/** Most events in one statement. Larger ones gain little and make everybody behind them wait. */
export const maxBatchEvents = 2000
/**
 * Most payload characters in one statement of more than one event. A statement of fat events stays
 * far below PostgreSQL's 1 GiB a message.
 */
export const maxBatchCharacters = 4 * 1024 * 1024

/**
 * A lane with fewer events than this waits for the others to be done, and goes with them: a
 * statement of a few costs as much as some fifty more events do.
 */
const aloneFrom = 500
/**
 * How long it waits: longer than small statements take, for what holds up one lane must not hold up
 * all.
 */
const companyTime = "20 millis"
type AppendError = EventLogUnavailable | EventLogCorrupt

/**
 * Events of one user, in order: one, or at most {@link maxBatchEvents} of at most
 * {@link maxBatchCharacters}.
 */
export interface Append {
  readonly events: ReadonlyArray<NewEvent>
  /**
   * Told what became of the events: their outcomes are those from `start` on, in order. Must not
   * throw.
   */
  answer(exit: Exit.Exit<ReadonlyArray<AppendOutcome>, AppendError>, start: number): void
}

/**
 * Group commit (docs/architecture.md#group-commit): a few lanes, each owning a share of the slices,
 * and at most one statement at a time on a lane's slices. While a statement is on its way the next
 * batch forms from whatever arrives; when nothing is on its way, it is written at once. Lanes that
 * have little share a statement, and only those that have much write side by side. Bounded by what
 * its callers, the user processors, let wait.
 */
export class SliceWriters extends Context.Service<SliceWriters, {
  /**
   * Writes the append, and answers it after the commit. What has been handed over is written,
   * whether or not anybody still waits.
   */
  readonly append: (append: Append) => void
}>()("playtally/ingest/SliceWriters") {
  static readonly layer = Layer.effect(
    SliceWriters,
    Effect.gen(function*() {
      const log = yield* EventLog
      const signal = yield* AppendSignal
      const lanes = Array.from({ length: log.laneCount }, () => new Lane())
      for (const lane of lanes) yield* Effect.forkScoped(Effect.forever(writeNext(lane, lanes, log, signal)))
      return SliceWriters.of({
        append: (append) => lanes[(append.events[0]?.slice ?? 0) % lanes.length]?.offer(append)
      })
    })
  )
}

class Lane {
  /** Events that wait. */
  size = 0
  private waiting: Array<Append> = []
  readonly nonEmpty = Latch.makeUnsafe(false)
  /** Open while no statement is on its way for the lane's slices. */
  readonly free = Latch.makeUnsafe(true)

  offer(append: Append): void {
    this.waiting.push(append)
    this.size += append.events.length
    this.nonEmpty.openUnsafe()
  }

  /** Moves appends into a batch, oldest first, as long as they fit. */
  moveInto(batch: Batch): void {
    let count = 0
    for (const append of this.waiting) {
      if (!batch.add(append)) break
      this.size -= append.events.length
      count++
    }
    this.waiting = this.waiting.slice(count)
    if (this.waiting.length === 0) this.nonEmpty.closeUnsafe()
  }
}

/** What one statement writes: at least one append, and as many as the limits allow. */
class Batch {
  readonly appends: Array<Append> = []
  private events = 0
  private characters = 0

  add(append: Append): boolean {
    const events = this.events + append.events.length
    let { characters } = this
    for (const event of append.events) characters += event.payload.length
    if (this.appends.length > 0 && (events > maxBatchEvents || characters > maxBatchCharacters)) return false
    this.appends.push(append)
    this.events = events
    this.characters = characters
    return true
  }
}

/** Writes what waits in a lane, and with it what waits in those that are free. */
const writeNext = Effect.fnUntraced(function*(
  lane: Lane,
  lanes: ReadonlyArray<Lane>,
  log: EventLog["Service"],
  signal: AppendSignal["Service"]
) {
  yield* lane.nonEmpty.await
  // Lets everything that is ready to run hand in its events first, so that one request's users
  // share a statement.
  yield* Effect.yieldNow
  if (lane.size < aloneFrom) {
    const writing = lanes.filter(({ free }) => !free.isOpen())
    if (writing.length > 0) {
      yield* Effect.timeoutOption(Effect.forEach(writing, ({ free }) => free.await, { discard: true }), companyTime)
    }
  }
  // Others may have taken it along.
  if (!lane.free.isOpen()) return yield* lane.free.await
  if (lane.size === 0) return
  const isSmall = (some: Lane) => some.size > 0 && some.size < aloneFrom
  const taken = isSmall(lane) ? lanes.filter((some) => some.free.isOpen() && isSmall(some)) : [lane]
  const batch = new Batch()
  for (const some of taken) {
    some.free.closeUnsafe()
    some.moveInto(batch)
  }
  yield* Effect.uninterruptible(Effect.ensuring(
    writeBatch(batch.appends, log, signal),
    Effect.sync(() => {
      for (const some of taken) some.free.openUnsafe()
    })
  ))
})

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
