import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import * as Tracer from "effect/Tracer"

/**
 * The attributes that leave the process.
 *
 * Others may hold a user's id, as the path of a request does, or tell how the database is reached.
 */
const shown: ReadonlySet<string> = new Set([
  "tenant",
  "slice",
  "slices",
  "events",
  "projections",
  "http.request.method",
  "http.route",
  "http.response.status_code",
  "db.system.name",
  "effect.sql.method"
])

/** The name of the error with which a span failed. The message of an error may quote a payload. */
const nameOf = (error: unknown): string => {
  if (typeof error === "object" && error !== null && "_tag" in error && typeof error._tag === "string") return error._tag
  return error instanceof Error ? error.name : "Unknown"
}

const withoutMessages = (exit: Exit.Exit<unknown, unknown>): Exit.Exit<unknown, unknown> => {
  if (Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause)) return exit
  const error = new Error(nameOf(Cause.squash(exit.cause)))
  error.stack = error.message
  return Exit.fail(error)
}

/** A span that passes on only what may leave the process. */
class DiscreetSpan implements Tracer.Span {
  readonly _tag = "Span"
  private readonly span: Tracer.Span

  constructor(span: Tracer.Span) {
    this.span = span
  }

  get name() {
    return this.span.name
  }
  get spanId() {
    return this.span.spanId
  }
  get traceId() {
    return this.span.traceId
  }
  get parent() {
    return this.span.parent
  }
  get annotations() {
    return this.span.annotations
  }
  get status() {
    return this.span.status
  }
  get attributes() {
    return this.span.attributes
  }
  get links() {
    return this.span.links
  }
  get sampled() {
    return this.span.sampled
  }
  get kind() {
    return this.span.kind
  }

  end(endTime: bigint, exit: Exit.Exit<unknown, unknown>): void {
    this.span.end(endTime, withoutMessages(exit))
  }

  attribute(key: string, value: unknown): void {
    if (shown.has(key)) this.span.attribute(key, value)
  }

  event(name: string, startTime: bigint): void {
    this.span.event(name, startTime)
  }

  addLinks(links: ReadonlyArray<Tracer.SpanLink>): void {
    this.span.addLinks(links)
  }
}

/**
 * A tracer whose spans tell nothing of a payload.
 *
 * They have the attributes of a list, the names of events, and the name of an error.
 */
export const discreetTracer = (tracer: Tracer.Tracer): Tracer.Tracer =>
  Tracer.make({ ...tracer, span: (options) => new DiscreetSpan(tracer.span(options)) })
