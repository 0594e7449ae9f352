import { HttpConnection } from "./HttpConnection.ts"

/** What came of sending. */
export interface Sent {
  readonly requests: number
  /** From the first request to the last answer. */
  readonly seconds: number
  /** Answers 503 or 429, after which the request was sent again. */
  readonly refused: number
}

export interface Sending {
  readonly url: string
  /**
   * Gives the next request; undefined when there is none left. Prepared before, unless making it is
   * to count.
   */
  readonly next: () => Uint8Array | undefined
  readonly connections: number
  /** After so long no further request is begun. */
  readonly seconds: number
  readonly signal: AbortSignal
  /** How often each request is sent before the next one; once unless given. */
  readonly times?: number
  /** The statuses of an answer that is as it should be; 204 unless given. */
  readonly success?: ReadonlyArray<number>
}

/**
 * Sends requests over some connections, each as soon as the one before has been answered, and fails
 * if one is answered anything but `success`. 204 says that everything in it is stored.
 */
export const closedLoop = async ({ connections, next, seconds, signal, success = [204], times = 1, url }: Sending): Promise<Sent> => {
  const open = await Promise.all(Array.from({ length: connections }, () => HttpConnection.open(url)))
  let answered = 0
  let refused = 0
  const started = performance.now()
  const end = started + seconds * 1000
  const deliver = async (connection: HttpConnection, request: Uint8Array) => {
    for (;;) {
      const { body, retryAfter, status } = await connection.send(request)
      if (success.includes(status)) return
      if (status !== 503 && status !== 429) throw new Error(`the service answered ${status}: ${body.slice(0, 500)}`)
      refused++
      await new Promise((done) => setTimeout(done, (retryAfter ?? 1) * 1000))
    }
  }
  try {
    await Promise.all(open.map(async (connection) => {
      while (!signal.aborted && performance.now() < end) {
        const request = next()
        if (request === undefined) return
        for (let time = 0; time < times; time++) await deliver(connection, request)
        answered++
      }
    }))
    return { requests: answered * times, seconds: (performance.now() - started) / 1000, refused }
  } finally {
    for (const connection of open) connection.close()
  }
}
