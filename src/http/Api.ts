import { HttpApi, OpenApi } from "effect/http-api"
import { AdminApi } from "./AdminApi.ts"
import { IngestApi } from "./IngestApi.ts"
import { openApiDetails } from "./openApiDetails.ts"
import { ReadingApi } from "./ReadingApi.ts"
import { ServiceApi } from "./ServiceApi.ts"

/** Everything that is served over HTTP (design §2, §3), without its implementation. */
export class Api extends HttpApi.make("playtally")
  .add(IngestApi, ReadingApi, AdminApi, ServiceApi)
  .annotateMerge(OpenApi.annotations({
    title: "playtally",
    version: "1",
    description:
      "Takes in FastTrack's bulk player events and derives exact counters per user from them. Every error is an RFC 9457 problem; its `type` is stable.",
    transform: openApiDetails
  }))
{}
