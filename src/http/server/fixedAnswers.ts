import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { HttpServerResponse } from "effect/http"
import * as Tracer from "effect/Tracer"
import type { IncomingMessage, ServerResponse } from "node:http"
import { countHosts, withStatusHeaders } from "./frameworkProblems.ts"
import { measureAnswer, type Route } from "./requestMetrics.ts"

/** An endpoint that answers every request in the same way, and that answer, which is a text. */
export interface FixedAnswer {
  readonly endpoint: Route
  readonly response: HttpServerResponse.HttpServerResponse
}

/**
 * Gives what answers the usual requests to some endpoints at once, in front of all of Effect, and
 * tells whether it did (docs/performance.md#the-budget-of-one-request).
 *
 * The answer has the bytes that the router's would have, and is measured alike. The router takes
 * what is not usual: a query, a body, another method, no or several `Host`. It takes every request
 * while spans are sent somewhere.
 */
export const fixedAnswers = (answers: ReadonlyArray<FixedAnswer>) =>
  Effect.map(Effect.context<never>(), (context) => {
    if (Context.get(context, Tracer.Tracer) !== Tracer.nativeTracer) return () => false
    const byPath = new Map(answers.map(({ endpoint, response }) => {
      const { body, headers, status } = withStatusHeaders(response)
      const text = body._tag === "Uint8Array" ? body.text ?? "" : ""
      // Node writes one byte a character sooner than it encodes.
      const encoding = Buffer.byteLength(text) === text.length ? "latin1" : "utf8"
      return [endpoint.path, { route: endpoint, headers, status, text, encoding } as const]
    }))
    return (request: IncomingMessage, response: ServerResponse): boolean => {
      const fixed = byPath.get(request.url ?? "")
      if (fixed === undefined || request.method !== fixed.route.method || hasBody(request) || countHosts(request) !== 1) return false
      const began = performance.now()
      response.writeHead(fixed.status, fixed.headers).end(fixed.text, fixed.encoding)
      measureAnswer({ route: fixed.route, status: fixed.status, began }, context)
      return true
    }
  })

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined
