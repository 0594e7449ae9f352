import { HttpApi } from "effect/http-api"
import { Api } from "./Api.ts"

/** Paths that the {@link Api} does not have: its description, for programs and for people. */
export const openApiPath = "/openapi.json"
export const docsPath = "/docs"

const methodsByPath = new Map<string, Set<string>>([[openApiPath, new Set(["GET"])], [docsPath, new Set(["GET"])]])
HttpApi.reflect(Api, {
  onGroup: () => {},
  onEndpoint: ({ endpoint: { method, path } }) => {
    methodsByPath.set(path, new Set([...methodsByPath.get(path) ?? [], method]))
  }
})

const paths = [...methodsByPath].map(([path, methods]) => ({
  pattern: new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/:[a-z_]+/g, "[^/]*")}/?$`),
  methods: [...methods, ...methods.has("GET") ? ["HEAD"] : []]
}))

/**
 * The methods of a path (without its query) as `Allow` names them; undefined for a path that is not
 * served.
 */
export const allowedMethods = (path: string): string | undefined => {
  // `/users/counters` may also be the user `counters`.
  const fitting = paths.filter(({ pattern }) => pattern.test(path))
  return fitting.length === 0 ? undefined : [...new Set(fitting.flatMap(({ methods }) => methods)), "OPTIONS"].join(", ")
}
