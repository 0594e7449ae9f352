import * as Effect from "effect/Effect"
import { HttpEffect, type HttpServerRequest, HttpServerResponse, ProblemDetails } from "effect/http"
import { HttpApiEndpoint, HttpApiSchema, OpenApi } from "effect/http-api"
import * as Result from "effect/Result"
import { bodyBounds } from "../../fasttrack/bodyBounds.ts"
import { BulkBody } from "../../fasttrack/BulkBody.ts"
import type { BulkItems } from "../../fasttrack/BulkItems.ts"
import { type BodyProblem, decodeBody } from "../../fasttrack/decodeBody.ts"
import type { MalformedJson as MalformedJsonBody } from "../../fasttrack/malformedJson.ts"
import { Admission, type Ticket } from "../../ingest/Admission.ts"
import { bodyWeight } from "../../ingest/bodyWeight.ts"
import { Ingest, type IngestError, type StrictRefusal as StrictRefusalOfItems } from "../../ingest/Ingest.ts"
import { IngestReport } from "../../ingest/IngestReport.ts"
import { Settings } from "../../platform/Settings.ts"
import { takeTurns } from "../../platform/takeTurns.ts"
import { RateLimits } from "../../tenants/RateLimits.ts"
import type { Tenant } from "../../tenants/Tenant.ts"
import { CurrentTenant } from "../authentication/Authentication.ts"
import { parameterDetails } from "../description/parameterDetails.ts"
import {
  AllRejected,
  allRejectedMembers,
  NotABatch,
  StrictRefusal,
  strictRefusalMembers,
  TooManyItems,
  TooManyValues
} from "../problems/batches.ts"
import { rateProblem } from "../problems/keys.ts"
import { BodyTooLarge, MalformedJson, MalformedRequest, RequestTimeout, UnsupportedMediaType } from "../problems/requests.ts"
import { databaseProblem, Overloaded, serverProblem, Unavailable } from "../problems/service.ts"
import { parsePrefer } from "../requests/parsePrefer.ts"
import { announcedBody, readBytes, wholeBody } from "../requests/requestBody.ts"
import type { RawRequestOf } from "../requests/RequestOf.ts"

export const bulk = HttpApiEndpoint.post("bulk", "/api/v1/integrations/fasttrack/bulk", {
  payload: BulkBody,
  success: [
    HttpApiSchema.NoContent.annotate({ description: "Every item is stored, now or before" }),
    IngestReport.annotate({ identifier: "IngestReport", description: "Some items were rejected, the others are stored" })
  ],
  error: [
    MalformedJson,
    MalformedRequest,
    RequestTimeout,
    BodyTooLarge,
    TooManyItems,
    TooManyValues,
    UnsupportedMediaType,
    NotABatch,
    AllRejected,
    StrictRefusal,
    Overloaded,
    Unavailable
  ]
}).annotateMerge(OpenApi.annotations({
  identifier: "sendEvents",
  summary: "Take in a batch of events",
  description:
    "Each item is decoded and stored on its own; one sent before is recognized by its id and counted once. `204`: every item is stored, now or before. " +
    "`200`: some items were rejected, see the report; the others are stored. `422`: every item was rejected. After any `503`, or without an answer, " +
    "send the same batch again whole.\n\n" +
    "Beyond what the schemas say, texts are well-formed Unicode without NUL; numbers have at most 24 digits before the point and 30 after it, all of which " +
    "count; times lie in the years 1900 to 2200, are in UTC where they name no offset, and are cut to milliseconds; a `timestamp` lies at most 24 hours in the " +
    "future, unless the service is set otherwise; outcomes and meta are at most 16 levels deep. An item has at most 64 levels and 20,000 JSON values, and takes " +
    "at most 256 KiB as it is stored, unless the service is set otherwise. Fields that are not here are ignored, and `null` for an optional field is as good " +
    "as leaving it out.",
  transform: parameterDetails({
    headers: { prefer: "`handling=strict`: if any item is invalid, store nothing and answer `422` (RFC 7240)." }
  })
}))

/**
 * Gives what takes in a batch (docs/design.md#the-bulk-endpoint). It reads the body itself.
 *
 * The bytes of a body count as in flight from before it is read until the request is answered. A
 * body of unknown length counts as the longest one until it is known. A client that goes away while
 * its body is read leaves nothing behind. Once the body is read nothing interrupts the request any
 * more: if the client goes away, or the service stops, the batch is still carried through.
 */
export const takeIn = Effect.gen(function*() {
  const ingest = yield* Ingest
  const admission = yield* Admission
  const { limits } = yield* Settings
  const rates = yield* RateLimits
  const bounds = bodyBounds(limits)

  const admit = (tenant: Tenant, bytes: number) =>
    Effect.catchTag(admission.bytes(tenant.tenantId, bytes), "Overloaded", () => serverProblem(new Overloaded({})))

  const readItems = Effect.fnUntraced(
    function*(request: HttpServerRequest.HttpServerRequest, tenant: Tenant, ticket: { current: Ticket }) {
      const bytes = wholeBody(request) ?? new Uint8Array(yield* Effect.interruptible(readBytes(request, limits.bytesPerRequest)))
      const decoded = yield* takeTurns(decodeBody(bytes, bounds))
      if (Result.isFailure(decoded)) return yield* bodyProblem(decoded.failure)
      const items = decoded.success
      const weight = Math.min(bodyWeight({ bytes: bytes.byteLength, values: items.values }), limits.bytesPerRequest)
      if (request.headers["content-length"] === undefined || weight > bytes.byteLength) {
        ticket.current.release()
        ticket.current = yield* admit(tenant, weight)
      }
      yield* Effect.catchTag(rates.events(tenant, items.count), "RateExceeded", rateProblem)
      return items
    }
  )

  const store = (tenant: Tenant, items: BulkItems, { strict }: { readonly strict: boolean }) => {
    const answered = ingest.batch(tenant, items, { strict }).pipe(
      Effect.map((report) => answer(report, items.count)),
      Effect.catch(refusal)
    )
    return strict ? Effect.andThen(HttpEffect.appendPreResponseHandler(applyStrict), answered) : answered
  }

  /** Takes in a batch of the tenant whose key it carries. */
  return (tenant: Tenant, request: HttpServerRequest.HttpServerRequest) =>
    // Nothing interrupts it between the taking of a ticket and the promise to release it.
    Effect.uninterruptible(
      announcedBody(request, limits.bytesPerRequest).pipe(
        Effect.flatMap((announced) => admit(tenant, announced ?? limits.bytesPerRequest)),
        Effect.flatMap((current) => {
          const ticket = { current }
          const strict = parsePrefer(request.headers["prefer"]).get("handling") === "strict"
          return readItems(request, tenant, ticket).pipe(
            Effect.flatMap((items) => store(tenant, items, { strict })),
            Effect.ensuring(Effect.sync(() => ticket.current.release()))
          )
        })
      )
    )
})

/** The handler of {@link bulk}: {@link takeIn} for the tenant that the middleware has found. */
export const bulkHandler = Effect.map(
  takeIn,
  (take) => ({ request }: RawRequestOf<typeof bulk>) => Effect.flatMap(CurrentTenant, (tenant) => take(tenant, request))
)

const refusal = (error: MalformedJsonBody | StrictRefusalOfItems | IngestError): Effect.Effect<
  HttpServerResponse.HttpServerResponse,
  Effect.Error<ReturnType<typeof bodyProblem>> | Overloaded | Unavailable,
  HttpServerRequest.HttpServerRequest
> => {
  switch (error._tag) {
    case "MalformedJson":
      return bodyProblem(error)
    case "StrictRefusal":
      return Effect.succeed(
        ProblemDetails.toResponse(strictRefusalMembers({ accepted: 0, duplicates: 0, rejected: error.rejected }))
      )
    case "Overloaded":
      return serverProblem(new Overloaded({}))
    case "MailboxFull":
      return serverProblem(new Overloaded({ detail: "There is too much in flight for one of the users." }))
    case "EventLogCorrupt":
      return serverProblem(new Unavailable({}), error)
    case "EventLogUnavailable":
    case "DatabaseUnavailable":
      return databaseProblem(error)
  }
}

const bodyProblem = (problem: BodyProblem) => {
  switch (problem._tag) {
    case "MalformedJson":
      return Effect.fail(new MalformedJson({ detail: problem.message }))
    case "NotABatch":
      return Effect.fail(new NotABatch({}))
    case "TooManyItems":
      return Effect.fail(new TooManyItems({ limit: problem.limit }))
    case "TooManyValues":
      return Effect.fail(new TooManyValues({ limit: problem.limit }))
  }
}

const applyStrict: HttpEffect.PreResponseHandler = (_, response) =>
  Effect.succeed(HttpServerResponse.setHeader(response, "preference-applied", "handling=strict"))

const stored = HttpServerResponse.empty({ status: 204 })

const answer = (report: IngestReport, itemCount: number): HttpServerResponse.HttpServerResponse => {
  if (report.rejected.length === 0) return stored
  return report.rejected.length === itemCount
    ? ProblemDetails.toResponse(allRejectedMembers(report))
    : HttpServerResponse.jsonUnsafe(report)
}
