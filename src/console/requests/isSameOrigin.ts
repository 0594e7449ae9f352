import type { HttpServerRequest } from "effect/http"

/**
 * Whether a page of this service sent the request, as far as the browser tells.
 *
 * Browsers send `Sec-Fetch-Site`, or at least `Origin`, with each form. A program may send neither.
 */
export const isSameOrigin = ({ headers }: Pick<HttpServerRequest.HttpServerRequest, "headers">): boolean => {
  const site = headers["sec-fetch-site"]
  if (site !== undefined) return site === "same-origin"
  const origin = headers["origin"]
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === headers["host"])
}
