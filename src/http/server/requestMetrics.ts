import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"

/** Bounds of the buckets in seconds. A long poll of `/changes` takes up to a minute. */
const boundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/** An endpoint of the API, as its declaration has it. */
export interface Route {
  readonly method: string
  /**
   * The path with names for what varies, such as `/api/v1/users/:user_id/counters`; never the path
   * of a request.
   */
  readonly path: string
}

/** The route of what is no endpoint: an unknown path, the documentation. */
const other: Route = { method: "other", path: "other" }

const classes = ["1xx", "2xx", "3xx", "4xx", "5xx"]

const histogramFor = (attributes: Readonly<Record<"method" | "route" | "status", string>>) =>
  Metric.histogram("playtally_http_request_duration_seconds", {
    description: "Time from the headers of a request until its answer is ready, by endpoint and class of status",
    boundaries,
    attributes
  })

const histograms = new Map<Route, Map<string, ReturnType<typeof histogramFor>>>()

const histogramOf = (route: Route, status: string): ReturnType<typeof histogramFor> => {
  const own = histograms.get(route) ?? new Map<string, ReturnType<typeof histogramFor>>()
  const known = own.get(status)
  if (known !== undefined) return known
  const made = histogramFor({ method: route.method, route: route.path, status })
  histograms.set(route, own.set(status, made))
  return made
}

/**
 * Where a request keeps its route: a map by request would be searched by each collection of
 * garbage.
 */
const noted = Symbol("playtally/http/route")

interface Noted {
  [noted]?: Route
}

/** Notes the endpoint of a request, which is known by its identity. */
export const noteRoute = (request: object & Noted, route: Route): void => {
  request[noted] = route
}

/** An answer that is ready. Its request began at `began` of `performance.now()`. */
interface Measured {
  readonly route: Route
  readonly began: number
  readonly status: number
}

/**
 * Counts and times an answer that is ready now.
 *
 * It is no effect: the context, whose registry keeps the metrics, is all that it needs of one.
 */
export const measureAnswer = ({ began, route, status }: Measured, context: Context.Context<never>): void => {
  const statusClass = classes[Math.trunc(status / 100) - 1]
  if (statusClass !== undefined) histogramOf(route, statusClass).updateUnsafe((performance.now() - began) / 1000, context)
}

/** The endpoint that was noted of a request, or none of them. */
export const routeOf = (request: object & Noted): Route => request[noted] ?? other

/** Makes the metric appear before the first request is answered. */
export const showRequestMetrics: Effect.Effect<void> = Effect.asVoid(Metric.value(histogramOf(other, "2xx")))
