import { HttpApi } from "effect/http-api"
import { Api } from "./Api.ts"

/** Paths that the {@link Api} does not have: its description, for programs and for people. */
export const openApiPath = "/openapi.json"
export const docsPath = "/docs"

const ownPaths: Array<ServedPath> = [{ method: "GET", path: openApiPath }, { method: "GET", path: docsPath }]
HttpApi.reflect(Api, {
  onGroup: () => {},
  onEndpoint: ({ endpoint: { method, path } }) => void ownPaths.push({ method, path })
})

/** A path that is served, with names for what varies (`:user_id`), and a method of it. */
export interface ServedPath {
  readonly method: string
  readonly path: string
}

/**
 * Gives the methods of a path (without its query) as `Allow` names them; undefined for a path that
 * is not served. `others` are served beside the {@link Api}.
 */
export const allowedMethods = (others: ReadonlyArray<ServedPath> = []): (path: string) => string | undefined => {
  const paths = [...Map.groupBy([...ownPaths, ...others], ({ path }) => path)].map(([path, served]) => ({
    pattern: new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/:[a-z_]+/g, "[^/]*")}/?$`),
    methods: served.flatMap(({ method }) => method === "GET" ? [method, "HEAD"] : [method])
  }))
  return (path) => {
    // `/users/counters` may also be the user `counters`.
    const fitting = paths.filter(({ pattern }) => pattern.test(path))
    return fitting.length === 0 ? undefined : [...new Set(fitting.flatMap(({ methods }) => methods)), "OPTIONS"].join(", ")
  }
}
