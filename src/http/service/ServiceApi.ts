import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import * as Schema from "effect/Schema"
import { ReadinessChecks } from "../../readiness/ReadinessChecks.ts"
import { parameterDetails } from "../description/parameterDetails.ts"
import * as Problems from "../problems/problems.ts"
import { Validation } from "../requests/Validation.ts"

const health = HttpApiEndpoint.get("health", "/healthz", {
  success: Schema.Struct({ status: Schema.Literal("ok") }).annotate({ identifier: "Health", description: "The process runs" })
}).annotateMerge(OpenApi.annotations({
  identifier: "getHealth",
  summary: "Whether the process runs",
  description: "Says nothing of the database: who restarts a process that does not answer looks here."
}))

const ready = HttpApiEndpoint.get("ready", "/readyz", {
  query: { for: Schema.optionalKey(Schema.Literals(["ingestion", "reading"])) },
  success: Schema.Struct({ status: Schema.Literal("ready"), checks: ReadinessChecks }).annotate({
    identifier: "Ready",
    description: "It can do its work"
  }),
  error: Problems.NotReady
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

const metrics = HttpApiEndpoint.get("metrics", "/metrics", {
  success: Schema.String.annotate({ description: "As they are now" }).pipe(
    HttpApiSchema.asText({ contentType: "text/plain; version=0.0.4" })
  )
}).annotateMerge(OpenApi.annotations({
  identifier: "getMetrics",
  summary: "Metrics",
  description: "In Prometheus' text format."
}))

/** What the operator uses, without a key: no tenant's data is in it (docs/design.md#reading). */
export class ServiceApi extends HttpApiGroup.make("service")
  .add(health, ready.middleware(Validation), metrics)
  .annotateMerge(OpenApi.annotations({ title: "Service", description: "For the operator. No key is needed." }))
{}
