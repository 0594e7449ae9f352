import * as Effect from "effect/Effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import * as Layer from "effect/Layer"
import type { IncomingMessage } from "node:http"
import { noteRoute } from "../http/server/requestMetrics.ts"
import { pathOf } from "../values/pathOf.ts"
import { assetsPath, ConsoleAssets } from "./ConsoleAssets.ts"
import { ConsoleStop } from "./ConsoleStop.ts"
import { LiveFigures } from "./live/LiveFigures.ts"
import { tenantPages } from "./markup/layout.ts"
import { signIn, signInPage, signInPath, signOut, signOutPath } from "./pages/signIn.ts"
import { answerRoute } from "./requests/answerRoute.ts"
import { noSuchPage } from "./requests/ConsoleProblem.ts"
import { goTo } from "./requests/ConsoleRequest.ts"
import type { ConsoleRoute } from "./requests/ConsoleRoute.ts"
import { consoleRoutes } from "./routes.ts"

/** Where the console begins: the first page that the viewer may see. */
const home: ConsoleRoute<never> = {
  method: "GET",
  path: "/console",
  access: "Anybody",
  answer: ({ viewer }) =>
    Effect.succeed(
      goTo(viewer._tag === "Operator" ? "/console/overview" : tenantPages(viewer.principal.tenant.name)[0]?.path ?? "/console")
    )
}

/** Every other path under it. */
const unknown: ConsoleRoute<never> = { method: "GET", path: "/console/:page/*", access: "Anybody", answer: () => Effect.fail(noSuchPage()) }

const asset = Effect.gen(function*() {
  const { source, url } = yield* HttpServerRequest.HttpServerRequest
  noteRoute(source as IncomingMessage, assetRoute)
  const file = (yield* ConsoleAssets).find(pathOf(url))
  return file === undefined
    ? HttpServerResponse.empty({ status: 404 })
    : HttpServerResponse.uint8Array(file.body, {
      contentType: file.contentType,
      // Its path changes with it.
      headers: { "cache-control": "public, max-age=31536000, immutable" }
    })
})
const assetRoute = { method: "GET", path: `${assetsPath}/:hash/:name` } as const

const entrance = [
  { method: "GET", path: signInPath, answer: signInPage },
  { method: "POST", path: signInPath, answer: signIn },
  { method: "POST", path: signOutPath, answer: signOut },
  { ...assetRoute, answer: asset }
] as const

/** The console under `/console` (docs/console.md), for the server that serves it. */
export const consolePages = {
  routes: HttpRouter.use(Effect.fnUntraced(function*(router) {
    const figures = yield* LiveFigures
    for (const { answer, method, path } of entrance) yield* router.add(method, path, answer)
    for (const route of [home, ...consoleRoutes, unknown]) {
      yield* router.add(route.method, asPath(route.path), Effect.provideService(answerRoute(route), LiveFigures, figures))
    }
  })).pipe(Layer.provide(LiveFigures.layer)),
  paths: [home, ...consoleRoutes, ...entrance].map(({ method, path }) => ({ method, path }))
}

/** Ends the streams of the console first when the service stops. */
export const endStreams = Layer.effectDiscard(
  Effect.flatMap(ConsoleStop, ({ stop }) => Effect.addFinalizer(() => stop))
)

const asPath = (path: string): `/${string}` => `/${path.slice(1)}`
