import * as Effect from "effect/Effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { addressOf } from "../../http/authentication/addressOf.ts"
import { OperatorKey } from "../../operators/OperatorKey.ts"
import { Sessions } from "../../operators/Sessions.ts"
import { type Html, html } from "../markup/html.ts"
import { formOf, framed, problemPage } from "../requests/answerRoute.ts"
import { ConsoleProblem } from "../requests/ConsoleProblem.ts"
import { isSameOrigin } from "../requests/isSameOrigin.ts"
import { sessionToken, withSession } from "../requests/sessionCookie.ts"

export const signInPath = "/console/sign-in"
export const signOutPath = "/console/sign-out"

/** The page to go on to: one of the console, and no other site's. */
const nextOf = (next: string | null): string =>
  next !== null && /^\/console(?:[/?]|$)/.test(next) && !next.includes("\\") ? next : "/console"

const show = (next: string, problem?: { readonly status: number; readonly text: string }) =>
  Effect.gen(function*() {
    const { source } = yield* OperatorKey
    return yield* framed({ title: "Sign in", body: signInBody(next, { problem: problem?.text, hint: hintOf(source) }) }, {
      session: undefined,
      tenant: undefined,
      status: problem?.status ?? 200
    })
  })

const hintOf = (source: OperatorKey["Service"]["source"]): Html => {
  switch (source._tag) {
    case "Kept":
      return html`The operator key is in the file <code>${source.file}</code>.`
    case "Given":
      return html`The operator key is the setting <code>OPERATOR_KEY</code> of the service.`
    case "None":
      return html`There is no operator key: set <code>OPERATOR_KEY</code> and start the service again.`
  }
}

const signInBody = (next: string, { hint, problem }: { readonly hint: Html; readonly problem: string | undefined }): Html =>
  html`<article class="sign-in">
  <h1>Sign in to playtally</h1>
  ${problem === undefined ? undefined : html`<p class="problem" role="alert" id="problem">${problem}</p>`}
  <form method="post" action="${signInPath}">
    <input type="hidden" name="next" value="${next}">
    <label for="key">Key</label>
    <input id="key" name="key" type="password" required autofocus autocomplete="current-password" spellcheck="false"${
    problem === undefined ? undefined : html` aria-describedby="problem" aria-invalid="true"`
  }>
    <button>Sign in</button>
  </form>
  <p class="note">A tenant's API key opens the pages of that tenant, as far as its scopes go. The operator key opens everything. ${hint}</p>
</article>`

/** The page with the form. */
export const signInPage = Effect.gen(function*() {
  const { url } = yield* HttpServerRequest.HttpServerRequest
  return yield* show(nextOf(new URL(url, "http://console").searchParams.get("next")))
})

/** Opens a session, and shows the form again for a key that is none. */
export const signIn = Effect.gen(function*() {
  const request = yield* HttpServerRequest.HttpServerRequest
  const form = yield* formOf(request)
  const next = nextOf(form.get("next"))
  if (!isSameOrigin(request)) {
    return yield* show("/console", { status: 403, text: "Another site sent this form. Sign in here." })
  }
  const key = form.get("key")?.trim() ?? ""
  if (key === "") return yield* show(next, { status: 422, text: "Enter a key." })
  const { signIn } = yield* Sessions
  return yield* signIn(Redacted.make(key), (yield* addressOf)(request)).pipe(
    Effect.map((token) => withSession(HttpServerResponse.redirect(next, { status: 303 }), token, request)),
    Effect.catchTags({
      UnknownApiKey: () => show(next, { status: 401, text: "The key is unknown or has been revoked." }),
      RateExceeded: ({ retryAfter }) => show(next, { status: 429, text: `Too many unknown keys. Try again in ${retryAfter} s.` }),
      DatabaseUnavailable: () => show(next, { status: 503, text: "The database does not answer. Try again." })
    })
  )
}).pipe(Effect.catch((problem: ConsoleProblem) => problemPage(problem, undefined)))

/** Ends the session. The form needs no token: at worst another site signs somebody out. */
export const signOut = Effect.gen(function*() {
  const request = yield* HttpServerRequest.HttpServerRequest
  const token = sessionToken(request)
  const { signOut } = yield* Sessions
  const done = token === undefined || !isSameOrigin(request) ? Option.some(undefined) : yield* Effect.option(signOut(token))
  return Option.isSome(done)
    ? withSession(HttpServerResponse.redirect(signInPath, { status: 303 }), undefined, request)
    : yield* problemPage(
      new ConsoleProblem({ status: 503, title: "Not signed out", detail: "The database does not answer. Try again." }),
      undefined
    )
})
