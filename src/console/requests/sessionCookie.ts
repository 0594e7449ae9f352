import { type HttpServerRequest, HttpServerResponse } from "effect/http"
import * as Redacted from "effect/Redacted"

/** The cookie of a session. */
const name = "playtally_session"

/** The token of the request's cookie; undefined if it has none that could be one. */
export const sessionToken = ({ cookies }: HttpServerRequest.HttpServerRequest): Redacted.Redacted | undefined => {
  const token = cookies[name]
  return token !== undefined && /^[\w-]{43}$/.test(token) ? Redacted.make(token) : undefined
}

/**
 * Sets the cookie, or takes it away.
 *
 * No script can read it, and no other site can have it sent. It is for encrypted connections only
 * if this one is, as far as a proxy tells.
 */
export const withSession = (
  response: HttpServerResponse.HttpServerResponse,
  token: Redacted.Redacted | undefined,
  { headers }: HttpServerRequest.HttpServerRequest
): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.setCookieUnsafe(response, name, token === undefined ? "" : Redacted.value(token), {
    httpOnly: true,
    sameSite: "strict",
    path: "/console",
    secure: headers["x-forwarded-proto"] === "https",
    ...token === undefined ? { maxAge: 0 } : {}
  })
