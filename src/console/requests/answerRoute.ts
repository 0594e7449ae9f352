import * as ByteSize from "effect/ByteSize"
import * as Effect from "effect/Effect"
import { HttpIncomingMessage, HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import type * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import type { IncomingMessage } from "node:http"
import { Draining } from "../../http/server/Draining.ts"
import { noteRoute } from "../../http/server/requestMetrics.ts"
import { type Session, Sessions } from "../../operators/Sessions.ts"
import type { Tenant } from "../../tenants/Tenant.ts"
import { Tenants } from "../../tenants/Tenants.ts"
import { ConsoleAssets } from "../ConsoleAssets.ts"
import { ConsoleStop } from "../ConsoleStop.ts"
import { type Html, html } from "../markup/html.ts"
import { layout } from "../markup/layout.ts"
import { badRequest, ConsoleProblem, noSuchPage } from "./ConsoleProblem.ts"
import { isAllowed, type Page } from "./ConsoleRequest.ts"
import type { ConsoleRoute, Failure, LivePart } from "./ConsoleRoute.ts"
import { isSameOrigin } from "./isSameOrigin.ts"
import { sendPage } from "./sendPage.ts"
import { sessionToken } from "./sessionCookie.ts"

/** The bytes of a form. The longest has some text of a user. */
const longestForm = 64 * 1024
/** The session of a stream is looked at so often. */
const recheckEvery = "5 seconds"

const signInPath = (request: HttpServerRequest.HttpServerRequest): string =>
  request.method === "GET" ? `/console/sign-in?next=${encodeURIComponent(request.url)}` : "/console/sign-in"

/**
 * Answers requests for a route: who may not ask, and a form that is not the page's own, are refused
 * before the route hears of them.
 */
export const answerRoute = <R>(route: ConsoleRoute<R>) =>
  Effect.gen(function*() {
    const request = yield* HttpServerRequest.HttpServerRequest
    noteRoute(request.source as IncomingMessage, route)
    const token = sessionToken(request)
    const sessions = yield* Sessions
    const session = token === undefined
      ? undefined
      : yield* sessions.find(token, route.isRenewal === true ? "Itself" : "Page").pipe(Effect.catchTag("DatabaseUnavailable", failed))
    if (session instanceof ConsoleProblem) return yield* problemPage(session, undefined)
    if (token === undefined || session === undefined) {
      return request.headers["hx-request"] === undefined
        ? HttpServerResponse.redirect(signInPath(request), { status: 303 })
        : HttpServerResponse.empty({ status: 204, headers: { "hx-redirect": "/console/sign-in" } })
    }
    return yield* answerSession(route, { request, session, token }).pipe(
      Effect.catch((error) => Effect.flatMap(failed(error), (problem) => problemPage(problem, session)))
    )
  })

interface Asked {
  readonly request: HttpServerRequest.HttpServerRequest
  readonly session: Session
  readonly token: Redacted.Redacted
}

const answerSession = Effect.fnUntraced(function*<R>(route: ConsoleRoute<R>, { request, session, token }: Asked) {
  const { viewer } = session
  const params = yield* HttpRouter.params
  const param = (name: string): string => {
    const value = params[name]
    if (value === undefined) throw new Error(`The path ${route.path} has no parameter ${name}`)
    return value
  }
  const form = route.method === "POST" ? yield* readForm(request, session) : new URLSearchParams()
  if (route.access === "Operator" && viewer._tag !== "Operator") return yield* noSuchPage()
  const tenant = route.access === "Operator" || route.access === "Anybody" ? undefined : yield* findTenant(session, param("tenant"))
  if (tenant !== undefined && route.access !== "Operator" && route.access !== "Anybody" && !isAllowed(viewer, tenant, route.access)) {
    return yield* new ConsoleProblem({
      status: 403,
      title: "Not permitted",
      detail: `The key that you signed in with does not have the scope "${route.access}".`
    })
  }
  const query = new URL(request.url, "http://console").searchParams
  const answer = yield* route.answer({ session, viewer, param, query, form, tenant })
  switch (answer._tag) {
    case "Page":
      return yield* framed(answer, { session, tenant: tenant?.name, status: answer.status ?? 200 })
    case "Part":
      return yield* sendPage(request, answer.body, 200)
    case "GoTo":
      return request.headers["hx-request"] === undefined
        ? HttpServerResponse.redirect(answer.path, { status: 303 })
        : HttpServerResponse.empty({ status: 204, headers: { "hx-redirect": answer.path } })
    case "Live":
      return yield* sendParts(answer.parts, token)
  }
})

/** The tenant of a path. Who has another tenant's key is told what is told of no tenant. */
const findTenant = Effect.fnUntraced(function*({ viewer }: Session, name: string) {
  const nobody = () => noSuchPage(`There is no tenant "${name}" for the key that you signed in with.`)
  if (viewer._tag === "Tenant") {
    const { tenant } = viewer.principal
    return tenant.name === name ? tenant : yield* nobody()
  }
  const { get } = yield* Tenants
  const found: Tenant = yield* Effect.catchTag(get(name), "TenantNotFound", () => Effect.fail(nobody()))
  return found
})

const readForm = Effect.fnUntraced(function*(request: HttpServerRequest.HttpServerRequest, session: Session) {
  const form = yield* formOf(request)
  if (!isSameOrigin(request) || form.get("csrf") !== session.csrf) {
    return yield* new ConsoleProblem({
      status: 403,
      title: "Not from this page",
      detail: "Nothing was changed: the form was not sent by a page of this session. Open the page again."
    })
  }
  return form
})

/** The fields of a form. */
export const formOf = (request: HttpServerRequest.HttpServerRequest): Effect.Effect<URLSearchParams, ConsoleProblem> =>
  /^application\/x-www-form-urlencoded\b/i.test(request.headers["content-type"] ?? "")
    ? request.text.pipe(
      Effect.provideService(HttpIncomingMessage.MaxBodySize, ByteSize.bytes(longestForm)),
      Effect.map((text) => new URLSearchParams(text)),
      Effect.mapError(() => badRequest("The form did not come whole, or is too long."))
    )
    : Effect.fail(badRequest("A form is expected."))

/** What a failure says to who looks at a page. What went wrong in the database is for the log. */
const failed = (error: Failure): Effect.Effect<ConsoleProblem> =>
  error._tag === "ConsoleProblem" ? Effect.succeed(error) : Effect.as(
    Effect.logWarning("A page of the console could not be made", error),
    new ConsoleProblem({
      status: 503,
      title: "The database does not answer",
      detail: "Nothing is lost. The page can be shown as soon as the database is back.",
      advice: "Load the page again. If it stays like this, `npm run cli -- doctor` says why."
    })
  )

/** The page that tells a problem. */
export const problemPage = ({ advice, detail, status, title }: ConsoleProblem, session: Session | undefined) =>
  framed(
    {
      title,
      body: html`<div class="panel problem" role="alert"><h1>${title}</h1><p>${detail}</p>${
        advice === undefined ? undefined : html`<p>${advice}</p>`
      }<p><a href="/console">Back to the console</a></p></div>`
    },
    { session, tenant: undefined, status }
  )

/** Puts the frame around a page, unless a page asks for it as a part. */
export const framed = Effect.fnUntraced(function*(
  page: Page,
  { session, status, tenant }: { readonly session: Session | undefined; readonly status: number; readonly tenant: string | undefined }
) {
  const request = yield* HttpServerRequest.HttpServerRequest
  const { paths } = yield* ConsoleAssets
  const isPart = request.headers["hx-request"] !== undefined
  return yield* sendPage(request, isPart ? page.body : layout({ assets: paths, session, tenant }, page), status)
})

const encoder = new TextEncoder()

const eventOf = ({ body, event }: { readonly body: Html | string; readonly event: string }): Uint8Array =>
  encoder.encode(`event: ${event}\n${String(body).split(/\r?\n|\r/).map((line) => `data: ${line}\n`).join("")}\n`)

/** Sends parts until the session ends or the service stops. */
const sendParts = Effect.fnUntraced(function*(parts: Stream.Stream<LivePart, Failure>, token: Redacted.Redacted) {
  const sessions = yield* Sessions
  const { hasBegun } = yield* Draining
  const { stopped } = yield* ConsoleStop
  const isOver = Effect.map(
    Effect.orElseSucceed(sessions.find(token, "Itself"), () => "Unknown" as const),
    (session) => session === undefined || hasBegun()
  )
  const over = Effect.repeat(isOver, { schedule: Schedule.spaced(recheckEvery), until: (isOver) => isOver })
  return HttpServerResponse.stream(
    parts.pipe(
      Stream.map(eventOf),
      // The page does not connect again after this.
      Stream.interruptWhen(Effect.raceFirst(over, stopped)),
      Stream.concat(Stream.succeed(eventOf({ event: "over", body: "" }))),
      Stream.catch((error) => Stream.fromEffect(Effect.map(failed(error), ({ title }) => eventOf({ event: "problem", body: title }))))
    ),
    { contentType: "text/event-stream", headers: { "cache-control": "no-store", "x-accel-buffering": "no" } }
  )
})
