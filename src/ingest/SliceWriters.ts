import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import { AppendSignal } from "../event-log/AppendSignal.ts"
import { EventLog, type EventLogCorrupt, type EventLogUnavailable } from "../event-log/EventLog.ts"
import type { AppendOutcome, NewEvent } from "../event-log/RecordedEvent.ts"
import { known } from "../values/known.ts"

/**
 * Most events in one statement. A larger one gains little, and the events behind it wait longer.
 */
export const maxBatchEvents = 2000
/**
 * Most payload characters in one statement, unless a single event has more. So a statement stays
 * far below PostgreSQL's limit of 1 GiB a message.
 */
export const maxBatchCharacters = 4 * 1024 * 1024

/**
 * The number of events from which a lane has a statement of its own.
 *
 * A lane with fewer waits up to {@link maxLaneWait} for the other lanes and shares one statement
 * with them. A statement's fixed cost equals about 50 events.
 */
const ownStatementFrom = 500
/**
 * The longest that a lane waits for the others.
 *
 * Small statements take less, and one slow lane does not hold up the others for longer.
 */
const maxLaneWait = "20 millis"
type AppendError = EventLogUnavailable | EventLogCorrupt

/**
 * Events of one user, in order.
 *
 * A single event may have any length. Several are at most {@link maxBatchEvents} and have at most
 * {@link maxBatchCharacters} together.
 */
export interface Append {
  readonly events: ReadonlyArray<NewEvent>
  /**
   * Receives the outcomes of a whole statement. Those of this append begin at `start`, in order.
   *
   * It must not throw. If it does, the defect is logged, and the lane goes on.
   */
  answer(exit: Exit.Exit<ReadonlyArray<AppendOutcome>, AppendError>, start: number): void
}

/**
 * Group commit (docs/architecture.md#group-commit).
 *
 * There are a few lanes, and each owns a share of the slices. At most one statement at a time
 * writes to a lane's slices. While it is on its way, the next batch forms from what arrives. When
 * nothing is on its way, a lane writes at once. Small lanes share a statement, and only large lanes
 * write side by side.
 *
 * What waits here is bounded by the callers, the user processors.
 */
export class SliceWriters extends Context.Service<SliceWriters, {
  /**
   * Queues an append of at least one event, and answers it after the commit.
   *
   * The call neither waits nor fails. Failures of the log come with the answer. A queued append is
   * written even if nobody waits for its answer any more.
   */
  readonly append: (append: Append) => void
}>()("playtally/ingest/SliceWriters") {
  static readonly layer = Layer.effect(
    SliceWriters,
    Effect.gen(function*() {
      const writers: Writers = { lanes: [], log: yield* EventLog, signal: yield* AppendSignal }
      for (let lane = 0; lane < writers.log.laneCount; lane++) writers.lanes.push(new Lane())
      for (const lane of writers.lanes) yield* Effect.forkScoped(Effect.forever(writeNext(lane, writers)))
      return SliceWriters.of({ append: (append) => laneOf(append, writers.lanes).offer(append) })
    })
  )
}

interface Writers {
  readonly lanes: Array<Lane>
  readonly log: EventLog["Service"]
  readonly signal: AppendSignal["Service"]
}

/** The lane of an append. An append without a lane would never be answered. */
const laneOf = ({ events: [first] }: Append, lanes: ReadonlyArray<Lane>): Lane => {
  const { slice } = known(first, "event of an append")
  return known(lanes[slice % lanes.length], `lane of slice ${slice}`)
}

class Lane {
  /** How many events wait. */
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

  /** Moves appends into a batch, oldest first, while they fit. */
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

/** The appends that one statement writes: at least one, and more within the limits. */
class Batch {
  readonly appends: Array<Append> = []
  private events = 0
  private characters = 0
  private readonly lanes: ReadonlyArray<Lane>

  constructor(lanes: ReadonlyArray<Lane>) {
    this.lanes = lanes
  }

  /** Lets the lanes write again. To be called when the statement is over. */
  freeLanes(): void {
    for (const lane of this.lanes) lane.free.openUnsafe()
  }

  /** Adds an append. False if the batch has no room for it. */
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

/** Writes the events that wait in a lane, together with those of other free small lanes. */
const writeNext = Effect.fnUntraced(function*(lane: Lane, writers: Writers) {
  yield* lane.nonEmpty.await
  // Fibers that are ready to run add their events first, so one request's users share a statement.
  yield* Effect.yieldNow
  if (isSmall(lane)) yield* waitForOthers(writers.lanes)
  // Another lane's statement may have taken this one's events along.
  if (!lane.free.isOpen()) return yield* lane.free.await
  if (lane.size === 0) return
  // Race avoided: nothing may run between the look at the lanes and the taking. Another fiber would
  // take the same lanes.
  const batch = takeFrom(sharersOf(lane, writers.lanes))
  yield* Effect.uninterruptible(Effect.ensuring(writeBatch(batch.appends, writers), Effect.sync(() => batch.freeLanes())))
})

const isSmall = ({ size }: Lane): boolean => size < ownStatementFrom

/** Waits until no statement is on its way, at most for {@link maxLaneWait}. */
const waitForOthers = (lanes: ReadonlyArray<Lane>): Effect.Effect<void> => {
  const writing = lanes.filter(({ free }) => !free.isOpen())
  return writing.length === 0
    ? Effect.void
    : Effect.asVoid(Effect.timeoutOption(Effect.forEach(writing, ({ free }) => free.await, { discard: true }), maxLaneWait))
}

/** The lanes that share the next statement. A large lane has its own. */
const sharersOf = (lane: Lane, lanes: ReadonlyArray<Lane>): ReadonlyArray<Lane> =>
  isSmall(lane) ? lanes.filter((other) => other.free.isOpen() && other.size > 0 && isSmall(other)) : [lane]

/** Closes free lanes, and takes from them what fits into one statement. */
const takeFrom = (lanes: ReadonlyArray<Lane>): Batch => {
  const batch = new Batch(lanes)
  for (const lane of lanes) {
    lane.free.closeUnsafe()
    lane.moveInto(batch)
  }
  return batch
}

/** Writes the appends in one statement, and answers each with its own outcomes. */
const writeBatch = Effect.fnUntraced(function*(batch: ReadonlyArray<Append>, { log, signal }: Writers) {
  const [first] = batch
  const events = batch.length === 1 && first !== undefined ? first.events : batch.flatMap((append) => append.events)
  const exit = yield* Effect.exit(log.append(events))
  if (Exit.isSuccess(exit)) signal.notify(new Set(events.map(({ slice }) => slice)))
  let start = 0
  for (const append of batch) {
    // One append's defect must not end the lane, whose other senders would wait for ever.
    try {
      append.answer(exit, start)
    } catch (defect) {
      yield* Effect.logFatal("An append could not be answered: this is a defect", Cause.die(defect))
    }
    start += append.events.length
  }
})
