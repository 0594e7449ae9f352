import * as Effect from "effect/Effect"
import { HttpApiBuilder } from "effect/http-api"
import * as Layer from "effect/Layer"
import { eraseUserHandler } from "./admin/eraseUser.ts"
import { Api } from "./Api.ts"
import { bulkHandler } from "./ingest/bulk.ts"
import { activityHandler } from "./reading/activity.ts"
import { changesHandler } from "./reading/changes.ts"
import { countersHandler } from "./reading/counters.ts"
import { countersOfUsersHandler } from "./reading/countersOfUsers.ts"
import { eventsHandler } from "./reading/events.ts"
import { explainHandler } from "./reading/explain.ts"
import { gamesHandler } from "./reading/games.ts"
import { leaderboardHandler } from "./reading/leaderboard.ts"
import { leaderboardPlaceHandler } from "./reading/leaderboardPlace.ts"
import { usersHandler } from "./reading/users.ts"
import { healthHandler } from "./service/healthz.ts"
import { metricsHandler } from "./service/metrics.ts"
import { readyHandler } from "./service/readyz.ts"

/**
 * What answers the endpoints of the {@link Api}. The compiler names an endpoint without a handler.
 *
 * A handler is a function of the request. One that keeps something between requests is an effect
 * that makes the function.
 */
export const handlers = Layer.mergeAll(
  HttpApiBuilder.group(
    Api,
    "ingest",
    Effect.fnUntraced(function*(group) {
      // A batch is carried through: its handler says what may be interrupted.
      return group.handleRaw("bulk", yield* bulkHandler, { uninterruptible: true })
    })
  ),
  HttpApiBuilder.group(Api, "reading", (group) =>
    group
      .handle("counters", countersHandler)
      .handleRaw("countersOfUsers", countersOfUsersHandler)
      .handle("games", gamesHandler)
      .handle("activity", activityHandler)
      .handle("leaderboard", leaderboardHandler)
      .handle("leaderboardPlace", leaderboardPlaceHandler)
      .handle("events", eventsHandler)
      .handle("explain", explainHandler)
      .handle("users", usersHandler)
      .handle("changes", changesHandler)),
  HttpApiBuilder.group(
    Api,
    "admin",
    Effect.fnUntraced(function*(group) {
      return group.handle("eraseUser", yield* eraseUserHandler)
    })
  ),
  HttpApiBuilder.group(
    Api,
    "service",
    Effect.fnUntraced(function*(group) {
      return group.handleAll({ health: healthHandler, ready: yield* readyHandler, metrics: yield* metricsHandler })
    })
  )
)
