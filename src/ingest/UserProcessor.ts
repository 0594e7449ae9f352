import * as Deferred from "effect/Deferred"
import type * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Latch from "effect/Latch"
import type { EventLogCorrupt, EventLogUnavailable } from "../event-log/EventLog.ts"
import type { AppendOutcome, NewEvent } from "../event-log/RecordedEvent.ts"
import { type Append, maxBatchCharacters, maxBatchEvents, type SliceWriters } from "./SliceWriters.ts"

type AppendError = EventLogUnavailable | EventLogCorrupt

/** The events that fit into one mailbox: twice the largest batch, should all be one user's. */
const mailboxCapacity = 20_000
/** Collects the outcomes of one request's mail, and answers the request when it has all. */
export class Delivery {
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
  /** The outcomes of its first events: those that are committed. */
  outcomes: ReadonlyArray<AppendOutcome>
  /** How many of its events the writers have been given. */
  taken: number
}

/**
 * A user's mailbox, and the one append that the user has under way.
 *
 * Most users of a batch have one mail with an event or two. The objects made for it wait for the
 * commit, and the garbage collector copies them meanwhile. So there are few objects, and the events
 * of an only mail go on in the array they came in.
 */
export class UserProcessor {
  private mailbox: Array<Mail> = []
  private waiting = 0
  private isWorking = false
  private room: Latch.Latch | undefined
  private readonly key: string
  private readonly writers: SliceWriters["Service"]
  private readonly passivate: (key: string) => void

  constructor(key: string, writers: SliceWriters["Service"], passivate: (key: string) => void) {
    this.key = key
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
    if (this.mailbox.length === 0) this.mailbox = [mail]
    else this.mailbox.push(mail)
    this.waiting += mail.events.length
    if (!this.isWorking) this.work()
  }

  work(): void {
    this.isWorking = this.mailbox.length > 0
    // Race avoided: nothing may run between the look at the mailbox and the removal. Mail that
    // comes later finds no processor and starts one.
    if (!this.isWorking) return this.passivate(this.key)
    this.writers.append(this.take())
  }

  /** Takes the next events, oldest mail first, within the limits of one append. */
  private take(): UserAppend {
    const [first, second] = this.mailbox
    const isAll = first !== undefined && second === undefined && first.taken === 0 && fitsOneAppend(first.events)
    const append = isAll ? this.takeAll(first) : this.takeSome()
    this.waiting -= append.events.length
    this.makeRoom()
    return append
  }

  private takeAll(only: Mail): UserAppend {
    only.taken = only.events.length
    const mail = this.mailbox
    this.mailbox = []
    return new UserAppend(only.events, mail, this)
  }

  private takeSome(): UserAppend {
    const events: Array<NewEvent> = []
    const sent: Array<Mail> = []
    let characters = 0
    for (const mail of this.mailbox) {
      const left = { events: maxBatchEvents - events.length, characters: maxBatchCharacters - characters }
      // An append has at least one event, of any length.
      const count = Math.max(countFitting(mail.events, mail.taken, left), events.length === 0 ? 1 : 0)
      if (count === 0) break
      for (const event of mail.events.slice(mail.taken, mail.taken + count)) {
        events.push(event)
        characters += event.payload.length
      }
      mail.taken += count
      sent.push(mail)
    }
    this.mailbox = this.mailbox.filter((mail) => mail.taken < mail.events.length)
    return new UserAppend(events, sent, this)
  }

  /** Drops the rest of a mail whose request has failed. The sender sends the request again. */
  drop(mail: Mail): void {
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

const fitsOneAppend = (events: ReadonlyArray<NewEvent>): boolean =>
  countFitting(events, 0, { events: maxBatchEvents, characters: maxBatchCharacters }) === events.length

/** How many events from `start` on fit into an append with this room. */
const countFitting = (
  events: ReadonlyArray<NewEvent>,
  start: number,
  room: { readonly events: number; readonly characters: number }
): number => {
  let { characters } = room
  let count = 0
  while (count < room.events) {
    const event = events[start + count]
    if (event === undefined) break
    characters -= event.payload.length
    if (characters < 0) break
    count++
  }
  return count
}

/** One user's events on their way to the log. A processor has one append at a time. */
class UserAppend implements Append {
  readonly events: ReadonlyArray<NewEvent>
  private readonly mail: ReadonlyArray<Mail>
  private readonly processor: UserProcessor

  constructor(events: ReadonlyArray<NewEvent>, mail: ReadonlyArray<Mail>, processor: UserProcessor) {
    this.events = events
    this.mail = mail
    this.processor = processor
  }

  answer(exit: Parameters<Append["answer"]>[0], first: number): void {
    let start = first
    for (const mail of this.mail) {
      if (Exit.isFailure(exit)) {
        this.processor.drop(mail)
        mail.delivery.fail(exit)
        continue
      }
      const end = start + mail.taken - mail.outcomes.length
      const outcomes = exit.value.slice(start, end)
      mail.outcomes = mail.outcomes.length === 0 ? outcomes : [...mail.outcomes, ...outcomes]
      start = end
      if (mail.outcomes.length === mail.events.length) mail.delivery.answer(mail.index, mail.outcomes)
    }
    this.processor.work()
  }
}
