import * as Effect from "effect/Effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics"
import { Settings } from "../platform/Settings.ts"
import { Api } from "./Api.ts"
import { Draining } from "./Draining.ts"
import { NotReady } from "./problems.ts"
import { Readiness } from "./Readiness.ts"
import { serverProblem } from "./serverProblem.ts"
import { measureService } from "./serviceMetrics.ts"
import { sharedAnswer } from "./sharedAnswer.ts"
import { whyNotReady } from "./whyNotReady.ts"

/** What the operator looks at (docs/design.md#reading). */
export const serviceHandlers = HttpApiBuilder.group(
  Api,
  "service",
  Effect.fnUntraced(function*(handlers) {
    const readiness = yield* Readiness
    const draining = yield* Draining
    const { readyLagSeconds } = yield* Settings
    const metrics = yield* sharedAnswer(
      Effect.map(
        Effect.andThen(yield* measureService, PrometheusMetrics.format()),
        (text) => HttpServerResponse.text(text, { contentType: "text/plain; version=0.0.4; charset=utf-8" })
      )
    )
    return handlers.handleAll({
      health: () => Effect.succeed({ status: "ok" as const }),
      ready: ({ query }) =>
        Effect.flatMap(readiness.check, (rest) => {
          const checks = { ...rest, draining: draining.hasBegun() }
          const reasons = whyNotReady(checks, query.for ?? "ingestion", readyLagSeconds)
          return reasons.length === 0
            ? Effect.succeed({ status: "ready" as const, checks })
            : serverProblem(new NotReady({ detail: reasons.join(" "), checks }))
        }),
      metrics: () => metrics
    })
  })
)
