import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { historyConnections, readingConnections } from "../database/connections.ts"
import { FairSlots } from "../tenants/FairSlots.ts"
import type { Tenant } from "../tenants/Tenant.ts"

/**
 * The tenant has as many readings under way and waiting as it may have, or waited its time for a
 * slot. Nothing was read.
 */
export class TooManyReads extends Schema.TaggedError<TooManyReads>("playtally/counters/TooManyReads")("TooManyReads", {
  what: Schema.Literals(["reads", "histories"])
}) {}

/**
 * The slot of the reading that is under way. Without one, as in tests of single services, waiting
 * is just waiting.
 */
export interface ReadSlot {
  /** Gives the slot back while an effect only waits, and takes one again afterwards. */
  readonly aside: <A, E, R>(waiting: Effect.Effect<A, E, R>) => Effect.Effect<A, E | TooManyReads, R>
}

/** The {@link ReadSlot} of the fiber. */
export const CurrentReadSlot = Context.Reference<ReadSlot>("playtally/counters/CurrentReadSlot", {
  defaultValue: () => ({ aside: (waiting) => waiting })
})

/**
 * Readings of a tenant that may wait for a slot: more than its long polls, which all go on at once
 * where much changes.
 */
const queueSize = { reads: 256, histories: 16 }

/** How long a reading waits for a slot. Histories take seconds each. */
const patience = { reads: "5 seconds", histories: "15 seconds" } as const

/**
 * What is read at the same time, shared out between the tenants (docs/design.md#reading). A request
 * holds its slot from before the first statement until its answer is encoded, so that the rows in
 * memory are bounded too, but not while it only waits: for the projections, or for a change.
 *
 * A tenant has at most three quarters of the slots and a bounded queue; free slots go to the
 * tenants in turn. There are fewer slots than connections for them: whatever else needs one, such
 * as rejected items or readiness, never waits for a reader.
 */
export class ReadShares extends Context.Service<ReadShares, {
  /** Runs a reading of rows in a slot. */
  readonly read: (tenant: Tenant) => <A, E, R>(reading: Effect.Effect<A, E, R>) => Effect.Effect<A, E | TooManyReads, R>
  /**
   * Runs a reading that folds a user's events again (`as_of`, `explain`) in a slot of their own.
   */
  readonly history: (tenant: Tenant) => <A, E, R>(reading: Effect.Effect<A, E, R>) => Effect.Effect<A, E | TooManyReads, R>
  /** How many readings hold a slot, and how many wait for one. */
  readonly inFlight: () => { readonly reads: number; readonly histories: number; readonly waiting: number }
}>()("playtally/counters/ReadShares") {
  static readonly layer = Layer.sync(ReadShares, () => {
    const reads = new FairSlots(readingConnections, queueSize.reads)
    const histories = new FairSlots(historyConnections, queueSize.histories)

    const inSlot =
      (what: "reads" | "histories", slots: FairSlots) => ({ tenantId }: Tenant) => <A, E, R>(reading: Effect.Effect<A, E, R>) =>
        Effect.suspend(() => {
          const claim = slots.claim(tenantId)
          const take = Effect.mapError(claim.take, () => new TooManyReads({ what })).pipe(
            Effect.timeoutOrElse({ duration: patience[what], orElse: () => Effect.fail(new TooManyReads({ what })) })
          )
          const slot: ReadSlot = {
            aside: (waiting) =>
              Effect.suspend(() => {
                claim.leave()
                return Effect.flatMap(waiting, (result) => Effect.as(take, result))
              })
          }
          return Effect.andThen(take, Effect.provideService(reading, CurrentReadSlot, slot)).pipe(
            Effect.ensuring(Effect.sync(claim.leave))
          )
        })

    return ReadShares.of({
      read: inSlot("reads", reads),
      history: inSlot("histories", histories),
      inFlight: () => ({ reads: reads.taken, histories: histories.taken, waiting: reads.waiting + histories.waiting })
    })
  })
}
