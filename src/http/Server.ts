import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { HttpRouter, HttpServer, HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import * as Layer from "effect/Layer"
import { Changes } from "../counters/changes/Changes.ts"
import { Settings } from "../platform/Settings.ts"
import { OwnSupervisor } from "../processes/SupervisorLink.ts"
import { allowedMethods, type ServedPath } from "./allowedMethods.ts"
import { Api } from "./Api.ts"
import { keyAuthentication } from "./authentication/keyAuthentication.ts"
import { bulkShortcut } from "./bulkShortcut.ts"
import { documents } from "./documents.ts"
import { handlers } from "./handlers.ts"
import { Validation } from "./requests/Validation.ts"
import { Draining } from "./server/Draining.ts"
import { EveryRequest } from "./server/EveryRequest.ts"
import { Settling } from "./server/FairServer.ts"
import { fixedAnswers } from "./server/fixedAnswers.ts"
import { frameworkProblems } from "./server/frameworkProblems.ts"
import { makeNodeServer, RequestTime } from "./server/nodeServer.ts"
import { OpenConnections } from "./server/OpenConnections.ts"
import { cannotListen } from "./server/refuseWhatCannotListen.ts"
import { RequestLog } from "./server/RequestLog.ts"
import { fixedHealth } from "./service/healthz.ts"
import { MetricsText } from "./service/MetricsText.ts"

/**
 * How long requests under way may take to be answered when the service stops. Afterwards they are
 * interrupted (docs/design.md#starting-and-stopping).
 */
export const GracePeriod = Context.Reference<Duration.Input>("playtally/http/GracePeriod", { defaultValue: () => "7 seconds" })

/**
 * Connections that the kernel lets wait to be accepted: 1,200 came at once in a test.
 *
 * The kernel drops those beyond, and a client tries again after seconds.
 */
export const connectionsWaiting = 4096

/**
 * Listens on Node's server.
 *
 * When the scope closes it takes no more connections, closes the idle ones, and waits for requests
 * under way as long as {@link GracePeriod} says.
 */
const nodeHttpServer = Layer.effect(
  HttpServer.HttpServer,
  Effect.gen(function*() {
    const { connections, host, keepAliveSeconds, port } = yield* Settings
    const draining = yield* Draining
    const openConnections = yield* OpenConnections
    const node = makeNodeServer({
      requestTime: yield* RequestTime,
      connections,
      keepAlive: keepAliveSeconds * 1000,
      isDraining: draining.hasBegun,
      settling: yield* Settling,
      log: (yield* RequestLog).lines,
      answerAtOnce: yield* fixedAnswers([fixedHealth])
    }, yield* OwnSupervisor)
    openConnections.countBy(() => node.openConnections)
    const server = yield* NodeHttpServer.make(() => node, {
      host,
      port,
      backlog: connectionsWaiting,
      gracefulShutdownTimeout: yield* GracePeriod
    }).pipe(Effect.mapError(({ cause }) => cannotListen(cause, { host, port })))
    yield* Effect.addFinalizer(() => Effect.sync(() => node.closeAllConnections()))
    return HttpServer.make({
      address: server.address,
      serve: (app, middleware) => {
        // Node would keep the connection of a request under way, and wait for it.
        const lastOnes = Effect.map(
          app,
          (response) => node.isLeaving ? HttpServerResponse.setHeader(response, "connection", "close") : response
        )
        return Effect.tap(middleware === undefined ? server.serve(lastOnes) : server.serve(lastOnes, middleware), () =>
          // There is nothing to upgrade to. Without a listener Node treats a request that offers
          // it, as Java's client does, like any other.
          Effect.sync(() => node.removeAllListeners("upgrade")))
      }
    })
  })
)

/** Pages that are served beside the {@link Api}. */
export interface ServedPages<E, R> {
  readonly routes: Layer.Layer<never, E, R>
  readonly paths: ReadonlyArray<ServedPath>
}

const routes = <E, R>(pages: ServedPages<E, R>) =>
  Layer.mergeAll(
    HttpApiBuilder.layer(Api).pipe(
      Layer.provide(handlers),
      Layer.provide([keyAuthentication, Validation.layer, EveryRequest.layer])
    ),
    documents,
    pages.routes,
    Layer.unwrap(Effect.map(bulkShortcut, (shortcut) => frameworkProblems(allowedMethods(pages.paths), shortcut)))
  )

const routerConfig = { caseSensitive: true, ignoreDuplicateSlashes: false, maxParamLength: 16 * 1024 }

/**
 * Serves the {@link Api}, its description and its documentation on the host and port of the
 * settings.
 */
export class Server extends Context.Service<Server, {
  /** Where it listens, without a path. */
  readonly url: string
}>()("playtally/http/Server") {
  /** Serves the API alone. */
  static readonly layer = Layer.suspend(() => Server.layerWith({ routes: Layer.empty, paths: [] }))

  /** Serves the API, and pages beside it. */
  static readonly layerWith = <E, R>(pages: ServedPages<E, R>) =>
    Layer.effect(
      Server,
      Effect.gen(function*() {
        const changes = yield* Changes
        // Before the server waits for the requests under way.
        yield* Effect.addFinalizer(() => changes.stop)
        return yield* HttpServer.addressFormattedWith((url) => Effect.succeed(Server.of({ url })))
      })
    ).pipe(
      Layer.provide(HttpRouter.serve(routes(pages), { disableLogger: true, disableListenLog: true, routerConfig })),
      Layer.provide([nodeHttpServer, NodeHttpServer.layerHttpServices]),
      Layer.provide(RequestLog.layer),
      Layer.provideMerge(MetricsText.layer),
      Layer.provideMerge(Layer.mergeAll(Draining.layer, OpenConnections.layer))
    )
}
