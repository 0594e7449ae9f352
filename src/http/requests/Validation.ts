import * as Effect from "effect/Effect"
import { HttpApiMiddleware } from "effect/http-api"
import type * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { InvalidRequest } from "../problems/requests.ts"

/** Answers parameters that break their schemas with {@link InvalidRequest}, and says how. */
export class Validation extends HttpApiMiddleware.Service<Validation>()("playtally/http/Validation", { error: InvalidRequest }) {
  static readonly layer = HttpApiMiddleware.layerSchemaErrorTransform(
    Validation,
    (error) =>
      error.kind === "Body" || error.kind === "ResponseHeaders"
        ? Effect.die(error.cause)
        : Effect.fail(invalidRequest(places[error.kind], error.cause))
  )
}

const places = { Params: "path", Query: "query", Headers: "headers", Payload: "body" } as const

const format = SchemaIssue.makeFormatterStandardSchemaV1()

const maxIssues = 5
const maxMessage = 200

/** The problem of a value at `place` of the request, such as "query", that its schema refuses. */
export const invalidRequest = (place: string, { issue }: Schema.SchemaError): InvalidRequest => {
  const issues = format(issue).issues.slice(0, maxIssues).map(({ message, path = [] }) => ({
    path: [place, ...path.map((segment) => typeof segment === "number" ? segment : String(segment))],
    message: message.slice(0, maxMessage)
  }))
  return new InvalidRequest({ issues })
}
