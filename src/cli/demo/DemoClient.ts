import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { HttpClient, type HttpClientError, HttpClientRequest, HttpClientResponse } from "effect/http"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import { IngestReport } from "../../ingest/IngestReport.ts"
import { CommandFailed } from "../CommandFailed.ts"
import type { DemoStatistics } from "./DemoStatistics.ts"
import { PlayerCounters } from "./PlayerCounters.ts"
import type { TrafficItem } from "./traffic.ts"

const Problem = Schema.Struct({ title: Schema.optionalKey(Schema.String), detail: Schema.optionalKey(Schema.String) })

const bulkPath = "/api/v1/integrations/fasttrack/bulk"
const countersPath = "/api/v1/users/counters"

/**
 * Longer waits between the attempts as they go on failing; the server's Retry-After is waited for
 * in any case.
 */
const backoff = Schedule.min([Schedule.exponential("200 millis"), Schedule.spaced("5 seconds")]).pipe(Schedule.jittered)

/**
 * At most this is waited on top of each Retry-After, so that requests refused together do not come
 * back together.
 */
const spread = 500

/** An answer that sending again does not change. */
const refusal = (response: HttpClientResponse.HttpClientResponse) =>
  HttpClientResponse.schemaBodyJson(Problem)(response).pipe(
    Effect.orElseSucceed((): typeof Problem.Type => ({})),
    Effect.flatMap(({ detail, title }) =>
      Effect.fail(new CommandFailed({ message: [`The server answered ${response.status}`, title, detail].filter(Boolean).join(": ") }))
    )
  )

const troubleOf = (error: HttpClientError.HttpClientError): string => {
  const { reason } = error
  const cause = "cause" in reason && reason.cause instanceof Error ? reason.cause : undefined
  // fetch hides what happened one level down.
  return cause?.cause instanceof Error ? cause.cause.message : cause?.message ?? error.message
}

/**
 * Speaks with the server as FastTrack and the engine do. A batch is sent until it is answered:
 * after a 408, 429, 5xx or no answer it goes out again, the very same bytes, after the time the
 * server asks for and a random while more.
 */
export const makeDemoClient = Effect.fnUntraced(function*(options: {
  readonly url: URL
  readonly key: Redacted.Redacted
  readonly statistics: DemoStatistics
}) {
  const { key, statistics, url } = options
  const server = (yield* HttpClient.HttpClient).pipe(
    HttpClient.mapRequest((request) =>
      request.pipe(HttpClientRequest.prependUrl(url.href.replace(/\/$/, "")), HttpClientRequest.setHeader("x-api-key", Redacted.value(key)))
    )
  )

  const patientServer = server.pipe(
    HttpClient.transformResponse((attempt) => {
      let attempts = 0
      return Effect.suspend(() => attempts++ === 0 ? Effect.void : Effect.flatMap(Random.nextBetween(0, spread), Effect.sleep)).pipe(
        Effect.andThen(Effect.timed(Effect.timeout(attempt, "30 seconds"))),
        Effect.tap(([duration, response]) =>
          HttpClient.isTransientResponse(response)
            ? Effect.sync(() => statistics.retrying(`the server answered ${response.status}`))
            : statistics.answerTook(Duration.toMillis(duration))
        ),
        Effect.tapError((error) =>
          Effect.sync(() => statistics.retrying(error._tag === "HttpClientError" ? troubleOf(error) : "no answer within 30 seconds"))
        ),
        Effect.map(([, response]) => response)
      )
    }),
    HttpClient.retryTransient({ schedule: backoff })
  )

  /** Fails with what to tell if nobody listens there. */
  const check = server.get("/healthz").pipe(
    Effect.timeout("5 seconds"),
    Effect.mapError((error) =>
      new CommandFailed({
        message: `No server answers at ${url.href} (${
          error._tag === "HttpClientError" ? troubleOf(error) : "timeout"
        }). Start one with \`npm start\`, or name another with --url.`
      })
    ),
    Effect.asVoid
  )

  /** Sends a batch until it is answered; undefined if all of it is stored, now or before. */
  const send = Effect.fnUntraced(
    function*(batch: ReadonlyArray<TrafficItem>) {
      const body = JSON.stringify({ items: batch.map(({ item }) => item) })
      const response = yield* patientServer.execute(
        HttpClientRequest.post(bulkPath).pipe(HttpClientRequest.bodyText(body, "application/json"))
      )
      if (response.status === 204) return undefined
      if (response.status !== 200 && response.status !== 422) return yield* refusal(response)
      return yield* HttpClientResponse.schemaBodyJson(IngestReport)(response).pipe(Effect.catchTag("SchemaError", () => refusal(response)))
    },
    // The connection may also break within the answer.
    Effect.retry({ while: HttpClient.isTransientError, schedule: backoff }),
    Effect.catchTag(["HttpClientError", "TimeoutError"], (error) => Effect.fail(new CommandFailed({ message: error.message })))
  )

  /** The players' counters, those of players without events left out. */
  const readCounters = Effect.fnUntraced(function*(userIds: ReadonlyArray<string>, consistency: "eventual" | "strong") {
    const request = HttpClientRequest.post(countersPath).pipe(
      HttpClientRequest.setUrlParams({ consistency }),
      HttpClientRequest.bodyText(JSON.stringify({ user_ids: userIds }), "application/json")
    )
    const response = yield* Effect.timeout(server.execute(request), "10 seconds")
    if (response.status !== 200) return yield* refusal(response)
    return (yield* HttpClientResponse.schemaBodyJson(Schema.Struct({ users: Schema.Array(PlayerCounters) }))(response)).users
  })

  return { check, send, readCounters }
})
export type DemoClient = Effect.Success<ReturnType<typeof makeDemoClient>>
