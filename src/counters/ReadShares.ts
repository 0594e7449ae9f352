import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Semaphore from "effect/Semaphore"
import { OwnConnections } from "../database/connections.ts"
import { FairSlots } from "../tenants/FairSlots.ts"
import type { Tenant } from "../tenants/Tenant.ts"

/**
 * The tenant has as many reads in progress and waiting as it may have, or waited too long for a
 * slot.
 *
 * Nothing was read.
 */
export class TooManyReads extends Schema.TaggedError<TooManyReads>("playtally/counters/TooManyReads")("TooManyReads", {
  what: Schema.Literals(["reads", "histories"])
}) {}

/**
 * The slot of the current read.
 *
 * Without a slot, as in tests of single services, `aside` only waits.
 */
export interface ReadSlot {
  /**
   * Gives the slot back while an effect only waits, and takes one again afterwards.
   *
   * It fails with {@link TooManyReads} if no slot is free again in time.
   */
  readonly aside: <A, E, R>(waiting: Effect.Effect<A, E, R>) => Effect.Effect<A, E | TooManyReads, R>
  /**
   * Runs parts of the read side by side in its one slot, which is given back while all that are not
   * done are aside.
   *
   * If a part was interrupted aside, the read may be without a slot afterwards.
   */
  readonly sideBySide: <A, E, R>(parts: ReadonlyArray<Effect.Effect<A, E, R>>) => Effect.Effect<ReadonlyArray<A>, E, R>
}

/** The {@link ReadSlot} of the fiber. */
export const CurrentReadSlot = Context.Reference<ReadSlot>("playtally/counters/CurrentReadSlot", {
  defaultValue: () => ({
    aside: (waiting) => waiting,
    sideBySide: (parts) => Effect.all(parts, { concurrency: "unbounded" })
  })
})

/**
 * Reads of a tenant that may wait for a slot.
 *
 * They are more than its long polls, which all go on at once after a large change.
 */
const queueSize = { reads: 256, histories: 16 }

/** How long a read waits for a slot. A history takes seconds. */
const patience = { reads: "5 seconds", histories: "15 seconds" } as const

/**
 * The reads at one time, shared out between the tenants (docs/design.md#reading).
 *
 * A request holds its slot from before the first statement until its answer is encoded. So the rows
 * in memory are bounded too. It gives the slot back while it only waits for the projections or for
 * a change.
 *
 * A tenant has at most three quarters of the slots, and a bounded queue. Free slots go to the
 * tenants in turn. There are fewer slots than connections, so rejected items, readiness and other
 * work never wait for a reader.
 */
export class ReadShares extends Context.Service<ReadShares, {
  /**
   * Runs a read of rows in a slot.
   *
   * It fails with {@link TooManyReads} if the queue of the tenant is full, or if no slot is free in
   * time.
   */
  readonly read: (tenant: Tenant) => <A, E, R>(reading: Effect.Effect<A, E, R>) => Effect.Effect<A, E | TooManyReads, R>
  /**
   * Runs a read that folds a user's events again (`as_of`, `explain`), in a slot for histories.
   *
   * It fails as `read` does.
   */
  readonly history: (tenant: Tenant) => <A, E, R>(reading: Effect.Effect<A, E, R>) => Effect.Effect<A, E | TooManyReads, R>
  /** How many reads hold a slot, and how many wait for one. */
  readonly inFlight: () => { readonly reads: number; readonly histories: number; readonly waiting: number }
}>()("playtally/counters/ReadShares") {
  static readonly layer = Layer.effect(
    ReadShares,
    Effect.map(OwnConnections, (connections) => {
      const reads = new FairSlots(connections.reading, queueSize.reads)
      const histories = new FairSlots(connections.histories, queueSize.histories)

      const inSlot =
        (what: "reads" | "histories", slots: FairSlots) => ({ tenantId }: Tenant) => <A, E, R>(reading: Effect.Effect<A, E, R>) =>
          Effect.suspend(() => {
            const claim = slots.claim(tenantId)
            const turn = Semaphore.makeUnsafe(1)
            // Parts may come back at the same time: the claim is made once.
            const take = Effect.mapError(claim.take, () => new TooManyReads({ what })).pipe(
              Effect.onInterrupt(() => Effect.sync(claim.leave)),
              turn.withPermit,
              Effect.timeoutOrElse({ duration: patience[what], orElse: () => Effect.fail(new TooManyReads({ what })) })
            )
            /** The parts that are neither aside nor done. The slot is theirs. */
            let working = 1
            const rest = () => {
              working--
              if (working === 0) claim.leave()
            }
            const slot: ReadSlot = {
              aside: (waiting) =>
                Effect.suspend(() => {
                  rest()
                  const back = Effect.sync(() => {
                    working++
                  })
                  return Effect.flatMap(Effect.ensuring(waiting, back), (result) => Effect.as(take, result))
                }),
              sideBySide: (parts) =>
                Effect.suspend(() => {
                  let left = parts.length
                  if (left === 0) return Effect.succeed([])
                  working += left - 1
                  // The last one leaves the slot to what comes after all parts.
                  const done = Effect.sync(() => {
                    left--
                    if (left > 0) rest()
                  })
                  return Effect.all(parts.map((part) => Effect.ensuring(part, done)), { concurrency: "unbounded" })
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
  )
}
