import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { FetchHttpClient, Headers, HttpClient, HttpClientError } from "effect/http"
import * as Layer from "effect/Layer"
import * as OtlpExporter from "effect/observability/OtlpExporter"
import * as OtlpSerialization from "effect/observability/OtlpSerialization"
import * as OtlpTracer from "effect/observability/OtlpTracer"
import * as Redacted from "effect/Redacted"
import * as Tracer from "effect/Tracer"
import packageJson from "../../package.json" with { type: "json" }
import { discreetTracer } from "./discreetTracer.ts"
import { sampledTracer } from "./sampledTracer.ts"
import { telemetrySettings } from "./Settings.ts"

/** How long a collector may take to answer. Without it, Effect's exporter would wait for ever. */
const patience = "5 seconds"

/** A client that gives up a request after `patience`, so that batches never pile up. */
const impatientClient = Layer.effect(
  HttpClient.HttpClient,
  Effect.map(
    HttpClient.HttpClient,
    HttpClient.transform((response, request) =>
      Effect.timeoutOrElse(response, {
        duration: patience,
        orElse: () =>
          Effect.fail(
            new HttpClientError.HttpClientError({
              reason: new HttpClientError.TransportError({ request, description: `no answer within ${patience}` })
            })
          )
      })
    )
  )
).pipe(Layer.provide(FetchHttpClient.layer))

/**
 * Sends the spans of a thread to an OpenTelemetry collector (docs/metrics.md#traces).
 *
 * Without `OTEL_EXPORTER_OTLP_ENDPOINT` the layer provides nothing and does nothing. A collector
 * that is away costs spans and nothing else. The sampling and the time for sending bound the
 * batches, which are then dropped. `part` names the thread.
 */
export const layerTelemetry = (part: "service" | "projections") =>
  Layer.unwrap(Effect.map(telemetrySettings, ({ endpoint, headers, perSecond, serviceName, share }) => {
    if (endpoint === undefined) return Layer.empty
    const exporting = OtlpTracer.make({
      url: `${endpoint.href.replace(/\/$/, "")}/v1/traces`,
      headers: Headers.fromInput(Redacted.value(headers)),
      resource: { serviceName, serviceVersion: packageJson.version, attributes: { "playtally.part": part } },
      exportInterval: "2 seconds"
    })
    return Layer.effect(
      Tracer.Tracer,
      Effect.gen(function*() {
        const clock = yield* Clock.Clock
        return sampledTracer(discreetTracer(yield* exporting), { share, perSecond, clock })
      })
    ).pipe(Layer.provide([OtlpExporter.layerFlusher, OtlpSerialization.layerJson, impatientClient]))
  }))
