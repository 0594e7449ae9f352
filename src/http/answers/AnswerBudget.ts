import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { HttpServerRequest } from "effect/http"
import * as Layer from "effect/Layer"
import { Settings } from "../../platform/Settings.ts"
import { Budget, tenantShare } from "../../tenants/Budget.ts"
import type { Tenant } from "../../tenants/Tenant.ts"
import { Overloaded } from "../problems/service.ts"
import { maxAnswerBytes } from "./encodeJson.ts"

/** What an answer takes besides its body, in bytes, about: headers, buffers, its request. */
const overhead = 1024

/**
 * The bytes of answers that clients have not taken yet, for the process and for each tenant.
 *
 * `Admission` has those of bodies. A client that does not read keeps its own tenant from further
 * large answers, and no other tenant.
 */
export class AnswerBudget extends Context.Service<AnswerBudget, {
  /**
   * Counts the bytes of an answer until the operating system has all of it, or the client is gone.
   *
   * Fails with {@link Overloaded} if the process or the tenant has no room for them.
   */
  readonly hold: (
    request: HttpServerRequest.HttpServerRequest,
    tenant: Tenant,
    bytes: number
  ) => Effect.Effect<void, Overloaded>
  /** The bytes that count now. */
  readonly inFlight: () => number
}>()("playtally/http/AnswerBudget") {
  static readonly layer = Layer.effect(
    AnswerBudget,
    Effect.gen(function*() {
      const { limits } = yield* Settings
      const budget = new Budget(Math.max(limits.answerBytesInFlight, (maxAnswerBytes + overhead) / tenantShare))
      return AnswerBudget.of({
        hold: (request, { tenantId }, bytes) =>
          Effect.suspend(() => {
            const ticket = budget.take(tenantId, bytes + overhead)
            if (ticket === undefined) {
              return Effect.fail(new Overloaded({ detail: "There are too many answers that have not been read yet." }))
            }
            const response = NodeHttpServerRequest.toServerResponse(request)
            // The scope of the request ends with the last write, long before a slow client has read
            // it.
            if (response.closed || response.destroyed) ticket.release()
            else response.once("close", ticket.release)
            return Effect.void
          }),
        inFlight: () => budget.taken
      })
    })
  )
}
