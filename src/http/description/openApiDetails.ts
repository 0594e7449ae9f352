import type { OpenApi } from "effect/http-api"
import type { JsonSchema } from "effect/JsonSchema"
import { gameProjections } from "../../counters/Games.ts"
import { counterSections } from "../reading/CountersSchema.ts"
import { exampleOf } from "./exampleOf.ts"
import { namedSections } from "./namedSections.ts"
import { withoutAllOf } from "./withoutAllOf.ts"

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

/**
 * A preference is considered where the request itself is: answers of these statuses may say that it
 * was.
 */
const preferenceApplied: OpenApi.OpenAPISpecHeader = {
  description: "The preference of Prefer that was followed, if any was",
  required: false,
  schema: { type: "string" }
}
const statusesWithPreference: ReadonlySet<string> = new Set(["200", "204", "304", "404", "409", "422", "501", "503"])

const takesPreference = ({ parameters }: OpenApi.OpenAPISpecOperation): boolean => parameters.some(({ name }) => name === "prefer")

/**
 * What the schema of a parameter or header says is said of the parameter or header itself, unless
 * that says something else.
 */
const withSchemaDetails = <P extends { readonly schema: object; readonly description?: string; readonly example?: unknown }>(
  part: P
): P => {
  const { description, examples, ...schema } = part.schema as { readonly description?: string; readonly examples?: ReadonlyArray<unknown> }
  return {
    ...description === undefined ? {} : { description },
    ...examples === undefined ? {} : { example: examples[0] },
    ...part,
    schema
  }
}

/** A body with an example. */
const withExample = (
  schemas: OpenApi.OpenAPIComponents["schemas"],
  body: OpenApi.OpenAPISpecRequestBody
): OpenApi.OpenAPISpecRequestBody => ({
  ...body,
  content: Object.fromEntries(
    Object.entries(body.content).map(([type, content]) => [type, { ...content, example: exampleOf(schemas, content.schema) }])
  )
})

/**
 * Where the description means a schema that has a name, but the schema it was made of says only
 * what the value is.
 */
const named: ReadonlyMap<string, JsonSchema> = new Map([
  [JSON.stringify({ type: "string", format: "decimal" }), { $ref: "#/components/schemas/Decimal" }]
])

/**
 * An object is open unless it is refused for members nobody knows. One of which no member is known
 * says so, or generators take it for empty.
 */
const opened = (schema: JsonSchema): JsonSchema => {
  const { additionalProperties: values, ...rest } = schema
  if (values !== undefined && values !== false) return schema
  return schema["type"] === "object" && schema["properties"] === undefined ? { ...rest, additionalProperties: true } : rest
}

/**
 * The JSON of a problem is called like the problem, and says its status and title. The counters of
 * each section have a name.
 */
const tidied = (document: Record<string, unknown>): OpenApi.OpenAPISpec => {
  const text = JSON.stringify(withoutAllOf(document)).replaceAll(/(#\/components\/schemas\/\w+)Encoded"/g, "$1\"")
  // It is handed over as any object, and is what OpenApi.fromApi made.
  const spec = JSON.parse(
    text,
    (_, value) =>
      typeof value === "object" && value !== null && !Array.isArray(value) ? named.get(JSON.stringify(value)) ?? opened(value) : value
  ) as OpenApi.OpenAPISpec
  const schemas = Object.entries(spec.components.schemas).map(([name, schema]) =>
    [name.replace(/Encoded$/, ""), closed.has(name) ? { ...schema, additionalProperties: false } : withProblemMembers(schema)] as const
  )
  const sections = [...counterSections, ...gameProjections.map(({ name }) => name)]
  return {
    ...spec,
    components: { ...spec.components, schemas: namedSections(Object.fromEntries(schemas), ["Counters", "Games"], sections) }
  }
}

const closed = new Set(["UserIds"])

/**
 * A problem is made without what is the same in all of its type, which its JSON has all the same.
 */
const withProblemMembers = <S extends object>(schema: S): S => {
  const { properties, required } = schema as { readonly properties?: object; readonly required?: ReadonlyArray<string> }
  const isProblem = properties !== undefined && ["type", "status", "title"].every((name) => name in properties)
  return isProblem ? { ...schema, required: [...new Set(["type", "status", "title", ...required ?? []])] } : schema
}

/**
 * Adds to the OpenAPI document what the declaration cannot say: the two ways to send a key, and the
 * headers that come with a status.
 */
export const openApiDetails = (document: Record<string, unknown>): Record<string, unknown> => {
  const spec = tidied(document)
  const detailed = (operation: OpenApi.OpenAPISpecOperation): OpenApi.OpenAPISpecOperation => ({
    ...operation,
    parameters: operation.parameters.map(withSchemaDetails),
    ...operation.requestBody === undefined ? {} : { requestBody: withExample(spec.components.schemas, operation.requestBody) },
    security: 401 in operation.responses ? Object.keys(securitySchemes).map((name) => ({ [name]: [] })) : [],
    responses: Object.fromEntries(
      Object.entries(operation.responses).map(([status, response]) => {
        const headers: Record<string, OpenApi.OpenAPISpecHeader> = {
          ...response.headers,
          ...headersOfStatus[status],
          ...takesPreference(operation) && statusesWithPreference.has(status) ? { "preference-applied": preferenceApplied } : {}
        }
        const described = Object.fromEntries(Object.entries(headers).map(([name, one]) => [name, withSchemaDetails(one)]))
        return [status, Object.keys(headers).length === 0 ? response : { ...response, headers: described }]
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
