import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import type { Fetch } from "../../event-log/completed.ts"
import type { EventLog } from "../../event-log/EventLog.ts"

/** More bytes of withheld payloads than this are a large chunk. */
const large = 512 * 1024

/** The most bytes of withheld payloads in a chunk, unless one payload alone has more. */
const most = 4 * 1024 * 1024

/**
 * How long a chunk waits for its turn while it holds its checkpoints. Then it goes on without a
 * turn: the chunk that has the turn may wait for rows of this one.
 */
const patience = "5 seconds"

/**
 * One loop of a thread at a time holds large payloads. A parsed payload takes up to 60 times its
 * bytes, and all loops share the thread's heap.
 */
const turns = Semaphore.makeUnsafe(1)

/**
 * Fetches withheld payloads, up to a number of bytes. If they may be large, it waits for its turn,
 * which the caller has until the scope ends.
 */
export const fetchInTurn = (log: EventLog["Service"], bytes: number, scope: Scope.Scope): Fetch => (withheld) =>
  Effect.gen(function*() {
    const possible = withheld.reduce((sum, event) => sum + event.withheld, 0)
    if (possible > large) {
      yield* Effect.acquireRelease(
        Effect.map(Effect.timeoutOption(Effect.interruptible(turns.take(1)), patience), (taken) => taken._tag === "Some"),
        (isOurs) => isOurs ? turns.release(1) : Effect.void
      ).pipe(Effect.provideService(Scope.Scope, scope))
    }
    return yield* log.fetch(withheld, Math.min(bytes >> 1, most))
  })
