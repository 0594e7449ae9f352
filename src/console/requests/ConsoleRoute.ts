import * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { DatabaseUnavailable } from "../../database/DatabaseUnavailable.ts"
import type { Html } from "../markup/html.ts"
import type { ConsoleProblem } from "./ConsoleProblem.ts"
import type { Access, Answer, ConsoleRequest, TenantRequest } from "./ConsoleRequest.ts"

/** A part of a page that is sent again and again: `event` is the name that the page listens to. */
export interface LivePart {
  readonly event: string
  readonly body: Html
}

/** What fails on the way to an answer, and becomes a page that says so. */
export type Failure = ConsoleProblem | DatabaseUnavailable

/** What the console answers at a path. */
export interface ConsoleRoute<R> {
  readonly method: "GET" | "POST"
  readonly path: string
  readonly access: Access
  /** Set where pages ask by themselves, again and again: that keeps no session open. */
  readonly isRenewal?: true
  readonly answer: (
    request: ConsoleRequest & { readonly tenant: TenantRequest["tenant"] | undefined }
  ) => Effect.Effect<Answer | { readonly _tag: "Live"; readonly parts: Stream.Stream<LivePart, Failure> }, Failure, R>
}

interface Shown<Request, R> {
  /** GET unless given. A change is a POST. */
  readonly method?: "GET" | "POST"
  readonly path: string
  readonly isRenewal?: true
  readonly answer: (request: Request) => Effect.Effect<Answer, Failure, R>
}

/** A page or a change for the operator alone, at a path under `/console`. */
export const operatorRoute = <R>({ answer, method = "GET", path }: Shown<ConsoleRequest, R>): ConsoleRoute<R> => ({
  method,
  path: `/console${path}`,
  access: "Operator",
  answer
})

/** A page or a change of one tenant, at a path under `/console/t/:tenant`. */
export const tenantRoute = <R>(
  { answer, isRenewal, method = "GET", path, scope }: Shown<TenantRequest, R> & { readonly scope: "read" | "admin" }
): ConsoleRoute<R> => ({
  method,
  path: `/console/t/:tenant${path}`,
  access: scope,
  ...isRenewal === true ? { isRenewal } : {},
  answer: ({ tenant, ...request }) => {
    if (tenant === undefined) throw new Error(`The route ${path} was asked without a tenant`)
    return answer({ ...request, tenant })
  }
})

/**
 * Parts of a page of the operator that are sent as they change, as server-sent events.
 *
 * The stream ends with the session, and when the service stops. It does not keep the session open.
 */
export const liveRoute = <R>(
  { parts, path }: {
    readonly path: string
    readonly parts: (request: ConsoleRequest) => Effect.Effect<Stream.Stream<LivePart, Failure>, Failure, R>
  }
): ConsoleRoute<R> => ({
  method: "GET",
  path: `/console${path}`,
  access: "Operator",
  isRenewal: true,
  answer: (request) => Effect.map(parts(request), (stream) => ({ _tag: "Live", parts: stream }))
})
