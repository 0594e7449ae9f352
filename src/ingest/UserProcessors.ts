import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type { EventLogCorrupt, EventLogUnavailable } from "../event-log/EventLog.ts"
import type { AppendOutcome, NewEvent } from "../event-log/LoggedEvent.ts"
import { type Answer, maxBatchEvents, SliceWriters } from "./SliceWriters.ts"

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
 * The actors (design §1): one processor per active user takes that user's mail in order, hands what waits to the SliceWriters as one append, waits for
 * the commit, then answers. So two requests never interleave within a user, and what was answered first stands first in the log.
 *
 * A processor lives while it has mail: nothing is cached between events, so an idle one has nothing to keep and is passivated at once. A process
 * with a hundred thousand users holds only those with mail in flight. It is no fiber, for all it does between two commits is done in one go: a fiber for each
 * user of a batch took as long as all else that is done for an event here.
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
      const processors = new Map<string, Processor>()
      const idle = Latch.makeUnsafe(true)

      const processorOf = (user: UserEvents): Processor => {
        const key = `${user.tenantId}/${user.userId}`
        const active = processors.get(key)
        if (active !== undefined) return active
        const started = new Processor(writers, () => {
          processors.delete(key)
          if (processors.size === 0) idle.openUnsafe()
        })
        processors.set(key, started)
        idle.closeUnsafe()
        return started
      }

      // What was accepted is finished before the process goes (design §5).
      yield* Effect.addFinalizer(() => idle.await)

      return UserProcessors.of({
        active: () => processors.size,
        process: Effect.fnUntraced(function*(mail) {
          if (mail.length === 0) return []
          const delivery = new Delivery(mail.length)
          for (const [index, user] of mail.entries()) {
            let processor = processorOf(user)
            while (!processor.fits(user.events.length)) {
              const room = yield* Effect.timeoutOption(processor.roomier, patience)
              if (room._tag === "None") return yield* new MailboxFull({ userId: user.userId })
              processor = processorOf(user)
            }
            processor.put({ events: user.events, delivery, index, outcomes: [], taken: 0 })
          }
          return yield* Deferred.await(delivery.done)
        })
      })
    })
  )
}

/** Collects the outcomes of one request's mail and answers once the last of it is done. */
class Delivery {
  readonly done = Deferred.makeUnsafe<ReadonlyArray<ReadonlyArray<AppendOutcome>>, AppendError>()
  private readonly outcomes: Array<ReadonlyArray<AppendOutcome>> = []
  private missing: number

  constructor(size: number) {
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

/** One user's events on their way, or some of them, and the mail they came in. */
interface Append {
  readonly events: ReadonlyArray<NewEvent>
  readonly parts: ReadonlyArray<readonly [mail: Mail, count: number]>
}

class Processor {
  private mailbox: Array<Mail> = []
  private waiting = 0
  private isWorking = false
  private room: Latch.Latch | undefined
  private readonly writers: SliceWriters["Service"]
  private readonly passivate: () => void

  constructor(writers: SliceWriters["Service"], passivate: () => void) {
    this.writers = writers
    this.passivate = passivate
  }

  fits(events: number): boolean {
    return this.waiting === 0 || this.waiting + events <= mailboxCapacity
  }

  /** Waits until the mailbox has more room than now. */
  get roomier(): Effect.Effect<void> {
    this.room ??= Latch.makeUnsafe(false)
    return this.room.await
  }

  put(mail: Mail): void {
    this.mailbox.push(mail)
    this.waiting += mail.events.length
    if (!this.isWorking) this.work()
  }

  private work(): void {
    this.isWorking = this.mailbox.length > 0
    // No step between the look and the farewell: mail that comes after it finds no processor and starts one.
    if (!this.isWorking) return this.passivate()
    const append = this.take()
    this.writers.append(append.events, (exit, start) => {
      this.answer(append, exit, start)
      this.work()
    })
  }

  /** The next events, oldest mail first, at most as many as one append takes. */
  private take(): Append {
    const events: Array<NewEvent> = []
    const parts: Array<readonly [Mail, number]> = []
    for (const mail of this.mailbox) {
      const count = Math.min(mail.events.length - mail.taken, maxBatchEvents - events.length)
      if (count === 0) break
      for (const event of mail.events.slice(mail.taken, mail.taken + count)) events.push(event)
      mail.taken += count
      parts.push([mail, count])
    }
    this.waiting -= events.length
    this.mailbox = this.mailbox.filter((mail) => mail.taken < mail.events.length)
    this.makeRoom()
    return { events, parts }
  }

  private answer({ parts }: Append, exit: Parameters<Answer>[0], first: number): void {
    let start = first
    for (const [mail, count] of parts) {
      if (Exit.isFailure(exit)) {
        this.drop(mail)
        mail.delivery.fail(exit)
        continue
      }
      for (const outcome of exit.value.slice(start, start + count)) mail.outcomes.push(outcome)
      start += count
      if (mail.outcomes.length === mail.events.length) mail.delivery.answer(mail.index, mail.outcomes)
    }
  }

  /** Drops what is left of a request that has failed: its sender sends it again whole. */
  private drop(mail: Mail): void {
    if (!this.mailbox.includes(mail)) return
    this.mailbox = this.mailbox.filter((other) => other !== mail)
    this.waiting -= mail.events.length - mail.taken
    this.makeRoom()
  }

  private makeRoom(): void {
    this.room?.openUnsafe()
    this.room = undefined
  }
}
