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
 * How long each request took in milliseconds, from the moment it was due to its answer. A service that stalls for a second makes every request that
 * arrives in that second late, as it would for real clients; measured from when each was sent, only those under way would be.
 */
export const openLoop = async ({ call, connections, count, rate, signal }: Arrivals): Promise<ReadonlyArray<number>> => {
  const latencies: Array<number> = []
  const free = Array.from({ length: connections }, (_, connection) => connection)
  const started = performance.now()
  const dueAt = (request: number) => started + request * 1000 / rate
  let next = 0
  await new Promise<void>((done, failed) => {
    let failure: unknown
    const serve = () => {
      while (next < count && dueAt(next) <= performance.now()) {
        const connection = free.pop()
        // Whoever is answered next goes on here.
        if (connection === undefined) return
        const request = next++
        call(request, connection).then(() => {
          latencies.push(performance.now() - dueAt(request))
          free.push(connection)
          if (latencies.length === count) done()
          else if (failure === undefined) serve()
        }, fail)
      }
      if (next < count) schedule()
    }
    let timer: NodeJS.Timeout | undefined
    const schedule = () => {
      clearTimeout(timer)
      timer = setTimeout(serve, Math.max(0, dueAt(next) - performance.now()))
    }
    const fail = (cause: unknown) => {
      failure ??= cause
      clearTimeout(timer)
      failed(failure instanceof Error ? failure : new Error(String(failure)))
    }
    signal?.addEventListener("abort", () => fail(new Error("stopped")), { once: true })
    if (count === 0) done()
    else serve()
  })
  return latencies
}
