import * as Effect from "effect/Effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiEndpoint, HttpApiSchema, OpenApi } from "effect/http-api"
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics"
import * as Schema from "effect/Schema"
import { sharedAnswer } from "../answers/sharedAnswer.ts"
import { measureReadiness, measureService } from "../server/serviceMetrics.ts"
import { metricsOfAll } from "./metricsOfAll.ts"
import { readinessNow } from "./readyz.ts"

export const metrics = HttpApiEndpoint.get("metrics", "/metrics", {
  success: Schema.String.annotate({ description: "As they are now" }).pipe(
    HttpApiSchema.asText({ contentType: "text/plain; version=0.0.4" })
  )
}).annotateMerge(OpenApi.annotations({
  identifier: "getMetrics",
  summary: "Metrics",
  description: "In Prometheus' text format."
}))

/**
 * Anybody may ask: an answer is made ten times a second at most, and shared.
 *
 * With several processes it has the metrics of all, each with the number of its process.
 */
export const metricsHandler = Effect.gen(function*() {
  const text = yield* sharedAnswer(Effect.andThen(yield* measureService, PrometheusMetrics.format()))
  // The checks wait for the database, which a shared answer must not.
  const own = Effect.gen(function*() {
    const { checks, whyNot } = yield* readinessNow
    yield* measureReadiness({
      database: checks.database,
      ingestion: whyNot("ingestion").length === 0,
      reading: whyNot("reading").length === 0
    })
    return yield* text
  })
  const all = yield* metricsOfAll(own)
  return () => Effect.map(all, (text) => HttpServerResponse.text(text, { contentType: "text/plain; version=0.0.4; charset=utf-8" }))
})
