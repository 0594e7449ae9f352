import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics"
import { sharedAnswer } from "../answers/sharedAnswer.ts"
import { measureReadiness, measureService } from "../server/serviceMetrics.ts"
import { metricsOfAll } from "./metricsOfAll.ts"
import { readinessNow } from "./readyz.ts"

/**
 * The metrics in Prometheus' text format, as they are now.
 *
 * They are made ten times a second at most, and shared. With several processes it has the metrics
 * of all, each with the number of its process.
 */
export class MetricsText extends Context.Service<MetricsText, { readonly now: Effect.Effect<string> }>()("playtally/http/MetricsText") {
  static readonly layer = Layer.effect(
    MetricsText,
    Effect.gen(function*() {
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
      const context = yield* Effect.context<Effect.Services<typeof own>>()
      const now = yield* metricsOfAll(Effect.provideContext(own, context))
      return MetricsText.of({ now })
    })
  )
}
