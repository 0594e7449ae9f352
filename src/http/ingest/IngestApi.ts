import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { BulkBody } from "../../fasttrack/BulkBody.ts"
import { IngestReport } from "../../ingest/IngestReport.ts"
import { Authentication, RequiredScope } from "../authentication/Authentication.ts"
import { parameterDetails } from "../description/parameterDetails.ts"
import * as Problems from "../problems/problems.ts"

const bulk = HttpApiEndpoint.post("bulk", "/api/v1/integrations/fasttrack/bulk", {
  payload: BulkBody,
  success: [
    HttpApiSchema.NoContent.annotate({ description: "Every item is stored, now or before" }),
    IngestReport.annotate({ identifier: "IngestReport", description: "Some items were rejected, the others are stored" })
  ],
  error: [
    Problems.MalformedJson,
    Problems.MalformedRequest,
    Problems.RequestTimeout,
    Problems.BodyTooLarge,
    Problems.TooManyItems,
    Problems.TooManyValues,
    Problems.UnsupportedMediaType,
    Problems.NotABatch,
    Problems.AllRejected,
    Problems.StrictRefusal,
    Problems.Overloaded,
    Problems.Unavailable
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

/** What the sender uses (docs/design.md#the-bulk-endpoint). */
export class IngestApi extends HttpApiGroup.make("ingest")
  .add(bulk)
  .middleware(Authentication)
  .annotate(RequiredScope, "ingest")
  .annotateMerge(OpenApi.annotations({ title: "Ingest", description: "For the sender of events. The key needs the scope `ingest`." }))
{}
