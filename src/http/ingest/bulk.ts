import * as Effect from "effect/Effect"
import { HttpEffect, type HttpServerRequest, HttpServerResponse, ProblemDetails } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import * as Result from "effect/Result"
import { bodyBounds } from "../../fasttrack/bodyBounds.ts"
import type { BulkItems } from "../../fasttrack/BulkItems.ts"
import { type BodyProblem, decodeBody } from "../../fasttrack/decodeBody.ts"
import { Admission, type Ticket } from "../../ingest/Admission.ts"
import { Ingest } from "../../ingest/Ingest.ts"
import type { IngestReport } from "../../ingest/IngestReport.ts"
import { Settings } from "../../platform/Settings.ts"
import { takeTurns } from "../../platform/takeTurns.ts"
import { RateLimits } from "../../tenants/RateLimits.ts"
import type { Tenant } from "../../tenants/Tenant.ts"
import { Api } from "../Api.ts"
import { CurrentTenant } from "../authentication/Authentication.ts"
import * as Problems from "../problems/problems.ts"
import { rateProblem } from "../problems/rateProblem.ts"
import { serverProblem } from "../problems/serverProblem.ts"
import { parsePrefer } from "../requests/parsePrefer.ts"
import { announcedBody, readBytes } from "../requests/requestBody.ts"

/**
 * What a parsed value takes in memory, about; a body that is mostly values counts as that many
 * bytes, but for some values that every body has.
 */
const bytesPerValue = 64
const freeValues = 256

/**
 * The bulk endpoint (docs/design.md#the-bulk-endpoint). The bytes of a body count as in flight from
 * before it is read until the request is answered; a body of unknown length counts as the longest
 * one until it is known. A client that goes away while its body is read leaves nothing behind. Once
 * it is read nothing interrupts the request any more, be it that the client goes away or that the
 * service stops: the batch is carried through, and answered.
 */
export const ingestHandlers = HttpApiBuilder.group(
  Api,
  "ingest",
  Effect.fnUntraced(function*(handlers) {
    const ingest = yield* Ingest
    const admission = yield* Admission
    const { limits } = yield* Settings
    const rates = yield* RateLimits
    const bounds = bodyBounds(limits)

    const admit = (tenant: Tenant, bytes: number) =>
      Effect.catchTag(admission.bytes(tenant.tenantId, bytes), "Overloaded", () => serverProblem(new Problems.Overloaded({})))

    const readItems = Effect.fnUntraced(
      function*(request: HttpServerRequest.HttpServerRequest, tenant: Tenant, ticket: { current: Ticket }) {
        const bytes = yield* Effect.interruptible(readBytes(request, limits.bytesPerRequest))
        const decoded = yield* takeTurns(decodeBody(new Uint8Array(bytes), bounds))
        if (Result.isFailure(decoded)) return yield* bodyProblem(decoded.failure)
        const items = decoded.success
        const weight = Math.min(Math.max(bytes.byteLength, (items.values - freeValues) * bytesPerValue), limits.bytesPerRequest)
        if (request.headers["content-length"] === undefined || weight > bytes.byteLength) {
          ticket.current.release()
          ticket.current = yield* admit(tenant, weight)
        }
        yield* Effect.catchTag(rates.events(tenant, items.count), "RateExceeded", rateProblem)
        return items
      }
    )

    const store = Effect.fnUntraced(function*(tenant: Tenant, items: BulkItems, strict: boolean) {
      if (strict) yield* HttpEffect.appendPreResponseHandler(applyStrict)
      return yield* ingest.batch(tenant, items, { strict }).pipe(
        Effect.map((report) => answer(report, items.count)),
        Effect.catchTags({
          MalformedJson: bodyProblem,
          StrictRefusal: ({ rejected }) =>
            Effect.succeed(ProblemDetails.toResponse(Problems.strictRefusalMembers({ accepted: 0, duplicates: 0, rejected }))),
          Overloaded: () => serverProblem(new Problems.Overloaded({})),
          MailboxFull: () => serverProblem(new Problems.Overloaded({ detail: "There is too much in flight for one of the users." })),
          EventLogUnavailable: (error) => serverProblem(new Problems.Unavailable({}), error),
          EventLogCorrupt: (error) => serverProblem(new Problems.Unavailable({}), error),
          DatabaseUnavailable: (error) => serverProblem(new Problems.Unavailable({}), error)
        })
      )
    })

    return handlers.handleRaw(
      "bulk",
      Effect.fnUntraced(function*({ request }) {
        const tenant = yield* CurrentTenant
        const announced = yield* announcedBody(request, limits.bytesPerRequest)
        return yield* Effect.acquireUseRelease(
          Effect.map(admit(tenant, announced ?? limits.bytesPerRequest), (current) => ({ current })),
          (ticket) =>
            Effect.flatMap(
              readItems(request, tenant, ticket),
              (items) => store(tenant, items, parsePrefer(request.headers["prefer"]).get("handling") === "strict")
            ),
          (ticket) => Effect.sync(() => ticket.current.release())
        )
      }),
      { uninterruptible: true }
    )
  })
)

const bodyProblem = (problem: BodyProblem) => {
  switch (problem._tag) {
    case "MalformedJson":
      return Effect.fail(new Problems.MalformedJson({ detail: problem.message }))
    case "NotABatch":
      return Effect.fail(new Problems.NotABatch({}))
    case "TooManyItems":
      return Effect.fail(new Problems.TooManyItems({ limit: problem.limit }))
    case "TooManyValues":
      return Effect.fail(new Problems.TooManyValues({ limit: problem.limit }))
  }
}

const applyStrict: HttpEffect.PreResponseHandler = (_, response) =>
  Effect.succeed(HttpServerResponse.setHeader(response, "preference-applied", "handling=strict"))

const stored = HttpServerResponse.empty({ status: 204 })

const answer = (report: IngestReport, itemCount: number): HttpServerResponse.HttpServerResponse => {
  if (report.rejected.length === 0) return stored
  return report.rejected.length === itemCount
    ? ProblemDetails.toResponse(Problems.allRejectedMembers(report))
    : HttpServerResponse.jsonUnsafe(report)
}
