import * as Effect from "effect/Effect"
import { HttpEffect, type HttpServerRequest, HttpServerResponse } from "effect/http"
import type { Consistency } from "../../counters/ConsistentReads.ts"
import { parsePrefer } from "../requests/parsePrefer.ts"

const defaultWait = 5
const maxWait = 60

/**
 * `Prefer: wait=N` is a wish, so that one beyond the maximum is met as far as it goes and one that
 * is no number not at all (RFC 7240).
 */
export const consistencyOf = Effect.fnUntraced(
  function*(request: HttpServerRequest.HttpServerRequest, asked: "strong" | "eventual" | undefined) {
    if (asked !== "strong") return { _tag: "Eventual" } satisfies Consistency
    const wait = parsePrefer(request.headers["prefer"]).get("wait")
    if (wait === undefined || !/^\d+$/.test(wait)) return { _tag: "Strong", waitSeconds: defaultWait } satisfies Consistency
    const waitSeconds = Math.min(Number(wait), maxWait)
    yield* HttpEffect.appendPreResponseHandler((_, response) =>
      Effect.succeed(HttpServerResponse.setHeader(response, "preference-applied", `wait=${waitSeconds}`))
    )
    return { _tag: "Strong", waitSeconds } satisfies Consistency
  }
)
