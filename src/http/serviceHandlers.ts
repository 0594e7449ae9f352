import * as Effect from "effect/Effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics"
import { Api } from "./Api.ts"
import { NotReady } from "./problems.ts"
import { Readiness } from "./Readiness.ts"
import { serverProblem } from "./serverProblem.ts"
import { measureService } from "./serviceMetrics.ts"
import { sharedAnswer } from "./sharedAnswer.ts"

/** What the operator looks at (design §3). */
export const serviceHandlers = HttpApiBuilder.group(
  Api,
  "service",
  Effect.fnUntraced(function*(handlers) {
    const readiness = yield* Readiness
    const metrics = yield* sharedAnswer(
      Effect.map(
        Effect.andThen(yield* measureService, PrometheusMetrics.format()),
        (text) => HttpServerResponse.text(text, { contentType: "text/plain; version=0.0.4; charset=utf-8" })
      )
    )
    return handlers.handleAll({
      health: () => Effect.succeed({ status: "ok" as const }),
      ready: () =>
        Effect.flatMap(readiness.check, (checks) =>
          checks.database && checks.migrations && checks.log_whole && checks.projections.running
            ? Effect.succeed({ status: "ready" as const, checks })
            : serverProblem(new NotReady({ checks }))),
      metrics: () => metrics
    })
  })
)
