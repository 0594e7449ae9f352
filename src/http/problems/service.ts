import * as Effect from "effect/Effect"
import { HttpServerRequest } from "effect/http"
import { HttpApiError } from "effect/http-api"
import { unavailablePartition } from "../../partitions/PartitionUnavailable.ts"
import { ReadinessChecks } from "../../readiness/ReadinessChecks.ts"
import { pathOf } from "../../values/pathOf.ts"

/*
 * Problems of the service, not of the request: the client sends the same request again.
 *
 * Those with status 503 say in `Retry-After` after how many seconds.
 */

/**
 * Ends a request with a problem of the service (5xx), and writes the one line that the log gets of
 * it, with the cause. The client is told nothing of the cause.
 */
export const serverProblem = <P extends { readonly type: string; readonly status: number }>(
  problem: P,
  cause?: unknown
): Effect.Effect<never, P, HttpServerRequest.HttpServerRequest> =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
    Effect.andThen(
      Effect.annotateLogs(cause === undefined ? Effect.logWarning("Request refused") : Effect.logWarning("Request refused", cause), {
        "http.method": request.method,
        "http.path": pathOf(request.url),
        "http.status": problem.status,
        "problem.type": problem.type
      }),
      Effect.fail(problem)
    ))

/** A defect. The log has its cause. Whether a batch was stored is not known: send it again. */
export class InternalError extends HttpApiError.Problem<InternalError>()("InternalError", {
  type: "internal-error",
  status: 500,
  title: "The service failed: this is a bug in it"
}) {}

/**
 * The process, or the tenant's share of it, has as many events, bytes or answers in flight as it
 * takes.
 *
 * Met by a tenant that sends or reads faster than the service stores or the client takes answers.
 * Some of a batch may be stored, if a user's mailbox stayed full: the resend counts once.
 */
export class Overloaded extends HttpApiError.Problem<Overloaded>()("Overloaded", {
  type: "overloaded",
  status: 503,
  title: "There is too much in flight: send the request again later"
}) {}

/**
 * The database does not answer, or not in the way the service needs.
 *
 * A batch may have been stored: the resend counts once.
 */
export class Unavailable extends HttpApiError.Problem<Unavailable>()("Unavailable", {
  type: "unavailable",
  status: 503,
  title: "The database cannot be reached or used: send the request again later"
}) {}

/**
 * Answers an error of the database or of the log. If it names a partition, the client is told
 * which.
 */
export const databaseProblem = (error: { readonly cause?: unknown }) => {
  const partition = unavailablePartition(error)
  return serverProblem(new Unavailable(partition === undefined ? {} : { detail: `Partition ${partition} is not served now.` }), error)
}

/**
 * The process stops, and the request was not answered within its grace period.
 *
 * Send the request again: another process, or the restarted one, answers.
 */
export class ShuttingDown extends HttpApiError.Problem<ShuttingDown>()("ShuttingDown", {
  type: "shutting-down",
  status: 503,
  title: "The service is stopping: send the request again"
}) {}

/**
 * The process is not ready for what `for` asks. `detail` has a sentence for each reason.
 *
 * Met by balancers and operators at `/readyz` only.
 */
export class NotReady extends HttpApiError.Problem<NotReady>()("NotReady", {
  type: "not-ready",
  status: 503,
  title: "The process cannot do its work now"
}, { checks: ReadinessChecks }) {}
