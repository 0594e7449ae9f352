import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type { FastTrackItem } from "../../oracle/FastTrackItem.ts"
import { toBody } from "../../oracle/toBody.ts"
import { apiKey } from "./ServiceProcess.ts"

export const bulkPath = "/api/v1/integrations/fasttrack/bulk"

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** Nobody answered: the connection was refused, or lost before the whole answer came. */
export class NoAnswer extends Schema.TaggedError<NoAnswer>("playtally/test/support/NoAnswer")("NoAnswer", { cause: Schema.Defect() }) {}

/** A request with the tests' key. */
export const request = (url: string, init: RequestInit = {}): Effect.Effect<Answer, NoAnswer> =>
  Effect.tryPromise({
    try: async (signal) => {
      const response = await fetch(url, { signal, ...init, headers: { "x-api-key": apiKey, ...init.headers as Record<string, string> } })
      return { status: response.status, headers: response.headers, text: await response.text() }
    },
    catch: (cause) => new NoAnswer({ cause })
  })

/** Sends a batch once. */
export const post = (url: string, body: string): Effect.Effect<Answer, NoAnswer> =>
  request(url + bulkPath, { method: "POST", body, headers: { "content-type": "application/json" } })

/**
 * What the sender goes by: a 503 that says when to send again is not final. Any other 5xx is a
 * defect.
 */
export const isFinal = ({ headers, status, text }: Answer): boolean => {
  if (status === 503 && headers.get("retry-after") !== null) return false
  if (status >= 500) throw new Error(`an answer that tells the sender nothing: ${status} ${text}`)
  return true
}

/** How long the sender waits before it sends again. */
export const pause = Schedule.spaced("50 millis")

/**
 * Sends a batch as FastTrack does, again and again while the answer is 503. `url` is asked every
 * time, for a service may have moved. Who expects the service to be gone at times also sends again
 * after {@link NoAnswer}.
 */
export const deliver = (url: () => string, items: ReadonlyArray<FastTrackItem>): Effect.Effect<Answer, NoAnswer> => {
  const body = toBody(items)
  return Effect.repeat(Effect.suspend(() => post(url(), body)), { until: isFinal, schedule: pause })
}
