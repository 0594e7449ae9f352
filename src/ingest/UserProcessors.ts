import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type { EventLogCorrupt, EventLogUnavailable } from "../event-log/EventLog.ts"
import type { AppendOutcome, NewEvent } from "../event-log/RecordedEvent.ts"
import type { TenantId } from "../values/TenantId.ts"
import type { UserId } from "../values/UserId.ts"
import { type Append, maxBatchCharacters, maxBatchEvents, SliceWriters } from "./SliceWriters.ts"

/**
 * A user's mailbox stayed full for the 2 seconds that a request waits for room in it.
 *
 * Events of the request may be stored. Sending the whole request again is safe.
 */
export class MailboxFull extends Schema.TaggedError<MailboxFull>("playtally/ingest/MailboxFull")("MailboxFull", {
  userId: Schema.String
}) {}

/** One request's events for one user, in order. */
export interface UserEvents {
  readonly tenantId: TenantId
  readonly userId: UserId
  readonly events: ReadonlyArray<NewEvent>
}

type AppendError = EventLogUnavailable | EventLogCorrupt

/** The events that fit into one mailbox: twice the largest batch, should all be one user's. */
const mailboxCapacity = 20_000
/** How long a request waits for room in a full mailbox. */
const patience = "2 seconds"

/**
 * The actors: one processor per active user (docs/architecture.md#user-processors).
 *
 * A processor takes its user's mail in order and hands what waits to `SliceWriters` as one append.
 * It answers after the commit, and then takes the next mail. So two requests never interleave
 * within a user, and events that were answered earlier have lower positions.
 *
 * A processor caches nothing between events, so it leaves memory as soon as its mailbox is empty. A
 * process with a hundred thousand users holds only those with mail in flight.
 *
 * A processor is a plain object and not a fiber, because all it does between two commits is
 * synchronous. A fiber per user of a batch doubled the time that an event took here.
 */
export class UserProcessors extends Context.Service<UserProcessors, {
  /**
   * Puts the mail of one request into its users' mailboxes and waits until all of it is committed.
   *
   * The answer has one array of outcomes per user, in the order given, and in it one outcome per
   * event. Mail that is in a mailbox is written even if the caller is interrupted. After each of
   * these errors other mail of the request may be stored, now or a moment later:
   *
   * - `MailboxFull`: a user's mailbox had no room for 2 seconds.
   * - `EventLogUnavailable`: the log did not answer, so it may have the events or not.
   * - `EventLogCorrupt`: the log contradicts itself in a slice. An operator has to mend it first.
   *
   * To send the request again is safe: what is stored is found as a duplicate.
   */
  readonly process: (mail: ReadonlyArray<UserEvents>) => Effect.Effect<
    ReadonlyArray<ReadonlyArray<AppendOutcome>>,
    MailboxFull | AppendError
  >
  /** How many users have mail at this moment. */
  readonly active: () => number
}>()("playtally/ingest/UserProcessors") {
  static readonly layer = Layer.effect(
    UserProcessors,
    Effect.gen(function*() {
      const writers = yield* SliceWriters
      const processors = new Map<string, Processor>()
      const idle = Latch.makeUnsafe(true)

      const passivate = (key: string) => {
        processors.delete(key)
        if (processors.size === 0) idle.openUnsafe()
      }

      const processorOf = (user: UserEvents): Processor => {
        const key = `${user.tenantId}/${user.userId}`
        const active = processors.get(key)
        if (active !== undefined) return active
        const started = new Processor(key, writers, passivate)
        processors.set(key, started)
        idle.closeUnsafe()
        return started
      }

      // The process finishes what it has accepted before it ends
      // (docs/design.md#starting-and-stopping).
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

/** Collects the outcomes of one request's mail, and answers the request when it has all. */
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
class Processor {
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
  private readonly processor: Processor

  constructor(events: ReadonlyArray<NewEvent>, mail: ReadonlyArray<Mail>, processor: Processor) {
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
