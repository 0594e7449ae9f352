import * as Effect from "effect/Effect"
import { HttpApiEndpoint, OpenApi } from "effect/http-api"
import * as Schema from "effect/Schema"
import { Settings } from "../../platform/Settings.ts"
import { Readiness } from "../../readiness/Readiness.ts"
import { ReadinessChecks } from "../../readiness/ReadinessChecks.ts"
import { type Purpose, whyNotReady } from "../../readiness/whyNotReady.ts"
import { parameterDetails } from "../description/parameterDetails.ts"
import { NotReady, serverProblem } from "../problems/service.ts"
import type { RequestOf } from "../requests/RequestOf.ts"
import { Draining } from "../server/Draining.ts"
import { othersReadiness } from "./othersReadiness.ts"

export const ready = HttpApiEndpoint.get("ready", "/readyz", {
  query: { for: Schema.optionalKey(Schema.Literals(["ingestion", "reading"])) },
  success: Schema.Struct({ status: Schema.Literal("ready"), checks: ReadinessChecks }).annotate({
    identifier: "Ready",
    description: "It can do its work"
  }),
  error: NotReady
}).annotateMerge(OpenApi.annotations({
  identifier: "getReadiness",
  summary: "Whether the process can do its work",
  description:
    "Without `for` the question is whether to send it requests. That takes a database that answers and can store, its migrations and a whole log, and a " +
    "process that was not told to stop. Projections have no say in it: what is stored is counted later. `for=reading` asks whether the numbers follow the " +
    "log: the projections run, are behind by no more than READY_LAG_SECONDS, and no position is missing. The checks are the same, and `detail` says what is wrong.",
  transform: parameterDetails({
    query: { for: { description: "What the process is to be ready for: `ingestion` unless given", example: "reading" } }
  })
}))

/** The checks as they are now, and what keeps the process from a purpose, a sentence each. */
export const readinessNow = Effect.gen(function*() {
  const { check } = yield* Readiness
  const draining = yield* Draining
  const { readyLagSeconds } = yield* Settings
  const checks = { ...yield* check, draining: draining.hasBegun() }
  return { checks, whyNot: (purpose: Purpose) => whyNotReady(checks, purpose, readyLagSeconds) }
})

/** With several processes, each is ready only if all are. The checks are those of the one asked. */
export const readyHandler = Effect.gen(function*() {
  const whyOthersNot = yield* othersReadiness(readinessNow)
  return Effect.fnUntraced(function*({ query }: RequestOf<typeof ready>) {
    const purpose = query.for ?? "ingestion"
    const { checks, whyNot } = yield* readinessNow
    const reasons = whyNot(purpose)
    const all = [...reasons, ...yield* whyOthersNot(purpose, reasons)]
    return all.length === 0
      ? { status: "ready" as const, checks }
      : yield* serverProblem(new NotReady({ detail: all.join(" "), checks }))
  })
})
