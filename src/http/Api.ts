import { HttpApi, HttpApiGroup, OpenApi } from "effect/http-api"
import { eraseUser } from "./admin/eraseUser.ts"
import { Authentication, RequiredScope } from "./authentication/Authentication.ts"
import { openApiDetails } from "./description/openApiDetails.ts"
import { bulk } from "./ingest/bulk.ts"
import { activity } from "./reading/activity.ts"
import { changes } from "./reading/changes.ts"
import { counters } from "./reading/counters.ts"
import { countersOfUsers } from "./reading/countersOfUsers.ts"
import { counterSections } from "./reading/CountersSchema.ts"
import { events } from "./reading/events.ts"
import { explain } from "./reading/explain.ts"
import { games, gameSections } from "./reading/games.ts"
import { leaderboard } from "./reading/leaderboard.ts"
import { leaderboardPlace } from "./reading/leaderboardPlace.ts"
import { users } from "./reading/users.ts"
import { Validation } from "./requests/Validation.ts"
import { EveryRequest } from "./server/EveryRequest.ts"
import { health } from "./service/healthz.ts"
import { metrics } from "./service/metrics.ts"
import { ready } from "./service/readyz.ts"

/** A parameter of the query that is not declared is refused, and every mistake is told. */
const strictQuery = { onExcessProperty: "error", errors: "all" } as const

/** What the sender uses (docs/design.md#the-bulk-endpoint). */
class IngestApi extends HttpApiGroup.make("ingest")
  .add(bulk)
  .middleware(Authentication)
  .annotate(RequiredScope, "ingest")
  .annotateMerge(OpenApi.annotations({ title: "Ingest", description: "For the sender of events. The key needs the scope `ingest`." }))
{}

/** What the engine uses (docs/design.md#reading). */
class ReadingApi extends HttpApiGroup.make("reading")
  .add(counters, countersOfUsers, games, activity, leaderboard, leaderboardPlace, events, explain, users, changes)
  .middleware(Validation)
  .middleware(Authentication)
  .annotate(RequiredScope, "read")
  .annotate(HttpApi.QueryParseOptions, strictQuery)
  .annotateMerge(OpenApi.annotations({ title: "Reading", description: "For the engine. The key needs the scope `read`." }))
{}

/** What a tenant's operator uses. */
class AdminApi extends HttpApiGroup.make("admin")
  .add(eraseUser)
  .middleware(Validation)
  .middleware(Authentication)
  .annotate(RequiredScope, "admin")
  .annotate(HttpApi.QueryParseOptions, strictQuery)
  .annotateMerge(OpenApi.annotations({ title: "Administration", description: "For the operator. The key needs the scope `admin`." }))
{}

/** What the operator uses, without a key: it has no tenant's data (docs/design.md#reading). */
class ServiceApi extends HttpApiGroup.make("service")
  .add(health, ready.middleware(Validation), metrics)
  .annotateMerge(OpenApi.annotations({ title: "Service", description: "For the operator. No key is needed." }))
{}

/**
 * Everything that is served over HTTP: who uses which endpoints, with which scope.
 *
 * `handlers.ts` answers them, and `Server.ts` serves them.
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
    transform: openApiDetails({ Counters: counterSections, Games: gameSections })
  }))
{}
