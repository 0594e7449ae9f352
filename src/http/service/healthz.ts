import * as Effect from "effect/Effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiEndpoint, OpenApi } from "effect/http-api"
import * as Schema from "effect/Schema"
import type { FixedAnswer } from "../server/fixedAnswers.ts"

const Health = Schema.Struct({ status: Schema.Literal("ok") }).annotate({ identifier: "Health", description: "The process runs" })

export const health = HttpApiEndpoint.get("health", "/healthz", { success: Health }).annotateMerge(OpenApi.annotations({
  identifier: "getHealth",
  summary: "Whether the process runs",
  description: "Says nothing of the database: who restarts a process that does not answer looks here."
}))

const isHealthy = { status: "ok" } as const

export const healthHandler = () => Effect.succeed(isHealthy)

/** What {@link healthHandler} answers to everybody. */
export const fixedHealth: FixedAnswer = {
  endpoint: health,
  response: HttpServerResponse.jsonUnsafe(Schema.encodeSync(Health)(isHealthy))
}
