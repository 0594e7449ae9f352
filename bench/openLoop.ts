import { setTimeout } from "node:timers/promises"

/** Requests that arrive at a fixed rate, whether those before have been answered or not. */
export interface Arrivals {
  /** Arrivals a second, evenly spaced. */
  readonly rate: number
  readonly count: number
  /** Most requests under way; those that arrive meanwhile wait here, which counts. */
  readonly connections: number
  /** Sends the request of that number over that connection and waits for its answer. */
  readonly call: (request: number, connection: number) => Promise<void>
  readonly signal?: AbortSignal
}

/**
 * How long each request took in milliseconds, from the moment it was due to its answer. A service
 * that stalls for a second makes every request that arrives in that second late, as it would for
 * real clients; measured from when each was sent, only those under way would be.
 */
export const openLoop = async ({ call, connections, count, rate, signal }: Arrivals): Promise<ReadonlyArray<number>> => {
  const latencies: Array<number> = []
  const started = performance.now()
  let next = 0
  let failed = false
  await Promise.all(Array.from({ length: connections }, async (_, connection) => {
    // A connection that is free waits for the next request to become due; if all are busy, the one
    // that is free first takes it late.
    for (let request = next++; request < count && !failed; request = next++) {
      signal?.throwIfAborted()
      const due = started + request * 1000 / rate
      const early = due - performance.now()
      if (early > 0) await setTimeout(early)
      // A timer may be a moment early.
      const counted = Math.min(due, performance.now())
      try {
        await call(request, connection)
      } catch (cause) {
        failed = true
        throw cause
      }
      latencies.push(performance.now() - counted)
    }
  }))
  return latencies
}
