import type { HttpApiEndpoint } from "effect/http-api"

/**
 * What the handler of an endpoint is given: the decoded `params`, `query` and `payload`, and the
 * `request` itself.
 *
 * It leaves out `endpoint` and `group`, whose types have the middleware: that is added where the
 * group is put together, above the endpoint's file.
 */
export type RequestOf<Endpoint> = Omit<HttpApiEndpoint.Request<Endpoint>, "endpoint" | "group">

/** The same for a raw handler, which reads the body itself. */
export type RawRequestOf<Endpoint> = Omit<HttpApiEndpoint.RequestRaw<Endpoint>, "endpoint" | "group">
