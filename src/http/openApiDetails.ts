import type { OpenApi } from "effect/http-api"

const securitySchemes: OpenApi.OpenAPIComponents["securitySchemes"] = {
  apiKey: { type: "apiKey", name: "x-api-key", in: "header", description: "Counts alone where both are sent" },
  bearer: { type: "http", scheme: "bearer", description: "The same key" }
}

const header = (description: string) => ({ description, required: true, schema: { type: "string" } })

/** The headers that every answer of a status has, as `frameworkProblems` sets them. */
const retryAfter = header("Seconds after which to send the request again")
const headersOfStatus: Readonly<Record<string, Record<string, OpenApi.OpenAPISpecHeader>>> = {
  401: { "www-authenticate": header("How a key may be sent") },
  429: { "retry-after": retryAfter },
  503: { "retry-after": retryAfter }
}

/** A preference is considered where the request itself is: answers of these statuses may say that it was. */
const preferenceApplied: OpenApi.OpenAPISpecHeader = {
  description: "The preference of Prefer that was followed, if any was",
  required: false,
  schema: { type: "string" }
}
const statusesWithPreference: ReadonlySet<string> = new Set(["200", "204", "304", "404", "422", "503"])

const takesPreference = ({ parameters }: OpenApi.OpenAPISpecOperation): boolean => parameters.some(({ name }) => name === "prefer")

/** What a parameter's schema says is said of a parameter of which nothing else is. */
const withDescription = (parameter: OpenApi.OpenAPISpecParameter): OpenApi.OpenAPISpecParameter => {
  const { description, ...schema } = parameter.schema as { readonly description?: unknown }
  return parameter.description === undefined && typeof description === "string" ? { ...parameter, description, schema } : parameter
}

/** Objects are open unless they are refused for members nobody knows; the JSON of a problem is called like the problem, and says its status and title. */
const tidied = (document: Record<string, unknown>): OpenApi.OpenAPISpec => {
  const text = JSON.stringify(document).replaceAll(/(#\/components\/schemas\/\w+)Encoded"/g, "$1\"")
  // It is handed over as any object, and is what OpenApi.fromApi made.
  const spec = JSON.parse(
    text,
    (key, value) => key === "additionalProperties" && value === false ? undefined : value
  ) as OpenApi.OpenAPISpec
  const schemas = Object.entries(spec.components.schemas).map(([name, schema]) =>
    [name.replace(/Encoded$/, ""), closed.has(name) ? { ...schema, additionalProperties: false } : withProblemMembers(schema)] as const
  )
  return { ...spec, components: { ...spec.components, schemas: Object.fromEntries(schemas) } }
}

const closed = new Set(["UserIds"])

/** A problem is made without what is the same in all of its type, which its JSON has all the same. */
const withProblemMembers = <S extends object>(schema: S): S => {
  const { properties, required } = schema as { readonly properties?: object; readonly required?: ReadonlyArray<string> }
  const isProblem = properties !== undefined && ["type", "status", "title"].every((name) => name in properties)
  return isProblem ? { ...schema, required: [...new Set(["type", "status", "title", ...required ?? []])] } : schema
}

/** Adds to the OpenAPI document what the declaration cannot say: the two ways to send a key, and the headers that come with a status. */
export const openApiDetails = (document: Record<string, unknown>): Record<string, unknown> => {
  const spec = tidied(document)
  const detailed = (operation: OpenApi.OpenAPISpecOperation): OpenApi.OpenAPISpecOperation => ({
    ...operation,
    parameters: operation.parameters.map(withDescription),
    security: 401 in operation.responses ? Object.keys(securitySchemes).map((name) => ({ [name]: [] })) : [],
    responses: Object.fromEntries(
      Object.entries(operation.responses).map(([status, response]) => {
        const headers: Record<string, OpenApi.OpenAPISpecHeader> = {
          ...response.headers,
          ...headersOfStatus[status],
          ...takesPreference(operation) && statusesWithPreference.has(status) ? { "preference-applied": preferenceApplied } : {}
        }
        return [status, Object.keys(headers).length === 0 ? response : { ...response, headers }]
      })
    )
  })
  return {
    ...spec,
    components: { ...spec.components, securitySchemes },
    paths: Object.fromEntries(
      Object.entries(spec.paths).map(([path, operations]) => [
        path,
        Object.fromEntries(
          Object.entries(operations).map(([method, operation]) => [method, detailed(operation as OpenApi.OpenAPISpecOperation)])
        )
      ])
    )
  }
}
