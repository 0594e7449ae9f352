import * as Effect from "effect/Effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics"
import { Settings } from "../../platform/Settings.ts"
import { Readiness } from "../../readiness/Readiness.ts"
import { whyNotReady } from "../../readiness/whyNotReady.ts"
import { sharedAnswer } from "../answers/sharedAnswer.ts"
import { Api } from "../Api.ts"
import { NotReady } from "../problems/problems.ts"
import { serverProblem } from "../problems/serverProblem.ts"
import { Draining } from "../server/Draining.ts"
import { measureService } from "../server/serviceMetrics.ts"

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
