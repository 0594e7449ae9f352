import * as Effect from "effect/Effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiEndpoint, HttpApiSchema, OpenApi } from "effect/http-api"
import * as Schema from "effect/Schema"
import { MetricsText } from "./MetricsText.ts"

export const metrics = HttpApiEndpoint.get("metrics", "/metrics", {
  success: Schema.String.annotate({ description: "As they are now" }).pipe(
    HttpApiSchema.asText({ contentType: "text/plain; version=0.0.4" })
  )
}).annotateMerge(OpenApi.annotations({
  identifier: "getMetrics",
  summary: "Metrics",
  description: "In Prometheus' text format."
}))

/** Anybody may ask: see {@link MetricsText}. */
export const metricsHandler = Effect.map(
  MetricsText,
  ({ now }) => () => Effect.map(now, (text) => HttpServerResponse.text(text, { contentType: "text/plain; version=0.0.4; charset=utf-8" }))
)
