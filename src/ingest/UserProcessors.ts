import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type { EventLogCorrupt, EventLogUnavailable } from "../event-log/EventLog.ts"
import type { AppendOutcome, NewEvent } from "../event-log/LoggedEvent.ts"
import { maxBatchEvents, SliceWriters } from "./SliceWriters.ts"

/** A user's mailbox stayed full for as long as its request was willing to wait. Sending again later is safe. */
export class MailboxFull extends Schema.TaggedError<MailboxFull>("playtally/ingest/MailboxFull")("MailboxFull", {
  userId: Schema.String
}) {}

/** One request's events for one user, in order. */
export interface UserEvents {
  readonly tenantId: string
  readonly userId: string
  readonly events: ReadonlyArray<NewEvent>
}

type AppendError = EventLogUnavailable | EventLogCorrupt

/** Most events that may wait in one mailbox: enough for the largest batch to be one user's, twice. */
const mailboxCapacity = 20_000
/** How long a request waits for room in a full mailbox. */
const patience = "2 seconds"

/**
 * The actors (design §1): one fiber per active user takes that user's mail in order, hands what waits to the SliceWriters as one append, waits for
 * the commit, then answers. So two requests never interleave within a user, and what was answered first stands first in the log.
 *
 * A processor lives while it has mail: nothing is cached between events, so an idle one has nothing to keep and is passivated at once. A process
 * with a hundred thousand users holds only those with mail in flight.
 */
export class UserProcessors extends Context.Service<UserProcessors, {
  /**
   * Puts one request's mail into its users' mailboxes and waits for all of it: one array of outcomes per user, in the order given. When a mailbox
   * stays full, or the log cannot be written, what else the request sent may still be stored.
   */
  readonly process: (mail: ReadonlyArray<UserEvents>) => Effect.Effect<
    ReadonlyArray<ReadonlyArray<AppendOutcome>>,
    MailboxFull | AppendError
  >
  /** Users with mail at this moment. */
  readonly active: () => number
}>()("playtally/ingest/UserProcessors") {
  static readonly layer = Layer.effect(
    UserProcessors,
    Effect.gen(function*() {
      const writers = yield* SliceWriters
      const context = yield* Effect.context<never>()
      const fork = Effect.runForkWith(context)
      const processors = new Map<string, Processor>()
      const idle = Latch.makeUnsafe(true)

      const deliver = Effect.fnUntraced(function*(user: UserEvents, delivery: Delivery, index: number) {
        const key = `${user.tenantId}/${user.userId}`
        let processor = processors.get(key)
        while (processor !== undefined && !processor.fits(user.events.length)) {
          const room = yield* Effect.timeoutOption(processor.room.await, patience)
          if (room._tag === "None") return yield* new MailboxFull({ userId: user.userId })
          processor = processors.get(key)
        }
        const mail: Mail = { events: user.events, delivery, index, outcomes: [], taken: 0 }
        if (processor !== undefined) return processor.put(mail)
        const started = new Processor(mail)
        processors.set(key, started)
        idle.closeUnsafe()
        fork(processAll(started, writers, () => {
          processors.delete(key)
          if (processors.size === 0) idle.openUnsafe()
        }))
      })

      // What was accepted is finished before the process goes (design §5).
      yield* Effect.addFinalizer(() => idle.await)

      return UserProcessors.of({
        active: () => processors.size,
        process: Effect.fnUntraced(function*(mail) {
          const delivery = new Delivery(mail.length)
          if (mail.length === 0) return []
          for (const [index, user] of mail.entries()) yield* deliver(user, delivery, index)
          return yield* Deferred.await(delivery.done)
        })
      })
    })
  )
}

/** Collects the outcomes of one request's mail and answers once the last of it is done. */
class Delivery {
  readonly done = Deferred.makeUnsafe<ReadonlyArray<ReadonlyArray<AppendOutcome>>, AppendError>()
  private readonly outcomes: Array<ReadonlyArray<AppendOutcome>>
  private missing: number

  constructor(size: number) {
    this.outcomes = Array.from({ length: size }, () => [])
    this.missing = size
  }

  answer(index: number, outcomes: ReadonlyArray<AppendOutcome>): void {
    this.outcomes[index] = outcomes
    this.missing--
    if (this.missing === 0) Deferred.doneUnsafe(this.done, Exit.succeed(this.outcomes))
  }

  fail(exit: Exit.Failure<unknown, AppendError>): void {
    Deferred.doneUnsafe(this.done, Exit.failCause(exit.cause))
  }
}

interface Mail {
  readonly events: ReadonlyArray<NewEvent>
  readonly delivery: Delivery
  readonly index: number
  readonly outcomes: Array<AppendOutcome>
  /** Events of this mail that have been handed to the writer. */
  taken: number
}

class Processor {
  private mailbox: Array<Mail>
  private waiting: number
  /** Open while the mailbox takes the largest request. */
  readonly room = Latch.makeUnsafe(true)

  constructor(first: Mail) {
    this.mailbox = [first]
    this.waiting = first.events.length
  }

  get isEmpty(): boolean {
    return this.mailbox.length === 0
  }

  fits(events: number): boolean {
    const fits = this.waiting + events <= mailboxCapacity
    if (!fits) this.room.closeUnsafe()
    return fits
  }

  put(mail: Mail): void {
    this.mailbox.push(mail)
    this.waiting += mail.events.length
  }

  /** The next events, oldest mail first, at most as many as one append takes, with the mail they came from. */
  take(): { readonly events: ReadonlyArray<NewEvent>; readonly parts: ReadonlyArray<readonly [mail: Mail, count: number]> } {
    const events: Array<NewEvent> = []
    const parts: Array<readonly [Mail, number]> = []
    for (const mail of this.mailbox) {
      const count = Math.min(mail.events.length - mail.taken, maxBatchEvents - events.length)
      if (count === 0) break
      for (let index = mail.taken; index < mail.taken + count; index++) {
        const event = mail.events[index]
        if (event !== undefined) events.push(event)
      }
      mail.taken += count
      parts.push([mail, count])
    }
    this.waiting -= events.length
    this.mailbox = this.mailbox.filter((mail) => mail.taken < mail.events.length)
    this.room.openUnsafe()
    return { events, parts }
  }

  /** Drops what is left of a request that has failed: its sender sends it again whole. */
  drop(mail: Mail): void {
    if (!this.mailbox.includes(mail)) return
    this.mailbox = this.mailbox.filter((other) => other !== mail)
    this.waiting -= mail.events.length - mail.taken
  }
}

const processAll = Effect.fnUntraced(function*(processor: Processor, writers: SliceWriters["Service"], passivate: () => void) {
  while (!processor.isEmpty) {
    const { events, parts } = processor.take()
    const exit = yield* Effect.exit(writers.append(events))
    let start = 0
    for (const [mail, count] of parts) {
      if (Exit.isFailure(exit)) {
        processor.drop(mail)
        mail.delivery.fail(exit)
        continue
      }
      for (let index = start; index < start + count; index++) {
        const outcome = exit.value[index]
        if (outcome !== undefined) mail.outcomes.push(outcome)
      }
      start += count
      if (mail.outcomes.length === mail.events.length) mail.delivery.answer(mail.index, mail.outcomes)
    }
  }
  // No step between the look and the farewell: mail put after it finds no processor and starts one.
  passivate()
})
