import * as Effect from "effect/Effect"
import { HttpApiEndpoint, OpenApi } from "effect/http-api"
import * as Schema from "effect/Schema"

export const health = HttpApiEndpoint.get("health", "/healthz", {
  success: Schema.Struct({ status: Schema.Literal("ok") }).annotate({ identifier: "Health", description: "The process runs" })
}).annotateMerge(OpenApi.annotations({
  identifier: "getHealth",
  summary: "Whether the process runs",
  description: "Says nothing of the database: who restarts a process that does not answer looks here."
}))

export const healthHandler = () => Effect.succeed({ status: "ok" as const })
