import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type { EventLogCorrupt, EventLogUnavailable } from "../event-log/EventLog.ts"
import type { AppendOutcome, NewEvent } from "../event-log/RecordedEvent.ts"
import type { TenantId } from "../values/TenantId.ts"
import type { UserId } from "../values/UserId.ts"
import { SliceWriters } from "./SliceWriters.ts"
import { Delivery, UserProcessor } from "./UserProcessor.ts"

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

/** Milliseconds that a request waits for room in full mailboxes, all its users together. */
const patience = 2000

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
    MailboxFull | EventLogUnavailable | EventLogCorrupt
  >
  /** How many users have mail at this moment. */
  readonly active: () => number
}>()("playtally/ingest/UserProcessors") {
  static readonly layer = Layer.effect(
    UserProcessors,
    Effect.gen(function*() {
      const writers = yield* SliceWriters
      const processors = new Map<string, UserProcessor>()
      const idle = Latch.makeUnsafe(true)

      const passivate = (key: string) => {
        processors.delete(key)
        if (processors.size === 0) idle.openUnsafe()
      }

      const processorOf = (user: UserEvents): UserProcessor => {
        const key = `${user.tenantId}/${user.userId}`
        const active = processors.get(key)
        if (active !== undefined) return active
        const started = new UserProcessor(key, writers, passivate)
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
          let until: number | undefined
          for (const [index, user] of mail.entries()) {
            let processor = processorOf(user)
            while (!processor.fits(user.events.length)) {
              const now = yield* Clock.currentTimeMillis
              until ??= now + patience
              const room = yield* Effect.timeoutOption(processor.roomier, Math.max(0, until - now))
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
