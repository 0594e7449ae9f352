import type { HttpServerRequest } from "effect/http"

/** The path a request asks for, as it was sent, without the query. */
export const requestPath = ({ url }: HttpServerRequest.HttpServerRequest): string => {
  const end = url.search(/[?#]/)
  return end === -1 ? url : url.slice(0, end)
}
