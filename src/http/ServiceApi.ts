import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import * as Schema from "effect/Schema"
import * as Problems from "./problems.ts"
import { ReadinessChecks } from "./ReadinessChecks.ts"

const health = HttpApiEndpoint.get("health", "/healthz", {
  success: Schema.Struct({ status: Schema.Literal("ok") }).annotate({ identifier: "Health", description: "The process runs" })
}).annotateMerge(OpenApi.annotations({
  identifier: "getHealth",
  summary: "Whether the process runs",
  description: "Says nothing of the database: who restarts a process that does not answer looks here."
}))

const ready = HttpApiEndpoint.get("ready", "/readyz", {
  success: Schema.Struct({ status: Schema.Literal("ready"), checks: ReadinessChecks }).annotate({
    identifier: "Ready",
    description: "It can do its work"
  }),
  error: Problems.NotReady
}).annotateMerge(OpenApi.annotations({
  identifier: "getReadiness",
  summary: "Whether the process can do its work",
  description:
    "That takes a database, its migrations, a whole log and running projections. A process that is not ready is to get no requests."
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

/** What the operator uses, without a key: no tenant's data is in it (design §3). */
export class ServiceApi extends HttpApiGroup.make("service")
  .add(health, ready, metrics)
  .annotateMerge(OpenApi.annotations({ title: "Service", description: "For the operator. No key is needed." }))
{}
