import { HttpApi, OpenApi } from "effect/http-api"
import { AdminApi } from "./admin/AdminApi.ts"
import { openApiDetails } from "./description/openApiDetails.ts"
import { IngestApi } from "./ingest/IngestApi.ts"
import { ReadingApi } from "./reading/ReadingApi.ts"
import { EveryRequest } from "./server/EveryRequest.ts"
import { ServiceApi } from "./service/ServiceApi.ts"

/**
 * Everything that is served over HTTP (docs/design.md#the-bulk-endpoint, docs/design.md#reading),
 * without its implementation.
 */
export class Api extends HttpApi.make("playtally")
  .add(IngestApi, ReadingApi, AdminApi, ServiceApi)
  .middleware(EveryRequest)
  .annotateMerge(OpenApi.annotations({
    title: "playtally",
    version: "1",
    license: { name: "MIT", url: "https://opensource.org/license/mit" },
    servers: [{ url: "/", description: "The service that this description comes from" }],
    description:
      "Takes in FastTrack's bulk player events and derives exact counters per user from them. Every error is an RFC 9457 problem; its `type` is stable. " +
      "A path that is not here is answered with 404 `not-found`, another method of one that is with 405 `method-not-allowed` and `Allow`. `HEAD` is " +
      "answered as `GET` without the body.",
    transform: openApiDetails
  }))
{}
