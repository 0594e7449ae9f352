import * as Effect from "effect/Effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics"
import { Settings } from "../../platform/Settings.ts"
import { Readiness } from "../../readiness/Readiness.ts"
import { type Purpose, whyNotReady } from "../../readiness/whyNotReady.ts"
import { sharedAnswer } from "../answers/sharedAnswer.ts"
import { Api } from "../Api.ts"
import { NotReady } from "../problems/problems.ts"
import { serverProblem } from "../problems/serverProblem.ts"
import { Draining } from "../server/Draining.ts"
import { measureReadiness, measureService } from "../server/serviceMetrics.ts"

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
    const look = Effect.map(readiness.check, (rest) => {
      const checks = { ...rest, draining: draining.hasBegun() }
      return { checks, whyNot: (purpose: Purpose) => whyNotReady(checks, purpose, readyLagSeconds) }
    })
    return handlers.handleAll({
      health: () => Effect.succeed({ status: "ok" as const }),
      ready: ({ query }) =>
        Effect.flatMap(look, ({ checks, whyNot }) => {
          const reasons = whyNot(query.for ?? "ingestion")
          return reasons.length === 0
            ? Effect.succeed({ status: "ready" as const, checks })
            : serverProblem(new NotReady({ detail: reasons.join(" "), checks }))
        }),
      // The checks wait for the database, which a shared answer must not.
      metrics: () =>
        Effect.flatMap(look, ({ checks, whyNot }) =>
          Effect.andThen(
            measureReadiness({
              database: checks.database,
              ingestion: whyNot("ingestion").length === 0,
              reading: whyNot("reading").length === 0
            }),
            metrics
          ))
    })
  })
)
