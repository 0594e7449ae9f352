import type { components } from "./ApiDescription.ts"

type Schemas = components["schemas"]

/** A problem as the service answers it: the members of RFC 9457, and those of its type. */
export type Problem = Extract<Schemas[keyof Schemas], { readonly type: string; readonly status: number; readonly title: string }>

/** The type of a problem. It stays the same from release to release. */
export type ProblemType = Problem["type"] | "not-found" | "method-not-allowed"

/** Something answered that does not speak as playtally does: a proxy, or another service. */
export const unexpectedAnswer = "unexpected-answer"

/** What a {@link PlaytallyError} is made of. */
export interface ProblemDetails {
  readonly type: ProblemType | typeof unexpectedAnswer
  readonly status: number
  readonly title: string
  readonly detail: string | undefined
  readonly retryAfter: number | undefined
  readonly problem: Readonly<Record<string, unknown>>
}

/**
 * The service answered with a problem.
 *
 * Look at `type`: docs/api.md of the service says what to do about each.
 */
export class PlaytallyError extends Error {
  override readonly name = "PlaytallyError"
  /** `unexpected-answer` if the answer is no problem of the service. */
  readonly type: ProblemType | typeof unexpectedAnswer
  /** The HTTP status. */
  readonly status: number
  /** What the service says about this request. */
  readonly detail: string | undefined
  /** Seconds after which the service wants to be asked again. */
  readonly retryAfter: number | undefined
  /** The whole answer, with the members that only problems of this type have. */
  readonly problem: Readonly<Record<string, unknown>>

  constructor({ detail, problem, retryAfter, status, title, type }: ProblemDetails) {
    super(`${type} (${status}): ${detail === undefined ? title : `${title}. ${detail}`}`)
    this.type = type
    this.status = status
    this.detail = detail
    this.retryAfter = retryAfter
    this.problem = problem
  }
}

/**
 * Nobody answered: the connection failed, or the whole answer did not come in time.
 *
 * Whether the request was carried out is not known. Every request of this client can be sent again.
 */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer"

  constructor(path: string, cause: unknown) {
    super(`no answer from ${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}
