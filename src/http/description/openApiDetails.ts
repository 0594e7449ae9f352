import type { OpenApi } from "effect/http-api"
import type { JsonSchema } from "effect/JsonSchema"
import { exampleOf } from "./exampleOf.ts"
import { namedSections, type SectionsByDocument } from "./namedSections.ts"
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
 * `preference-applied`, on answers of {@link statusesWithPreference}: those that come after the
 * handler has read `Prefer`.
 */
const preferenceApplied: OpenApi.OpenAPISpecHeader = {
  description: "The preference of Prefer that was followed, if any was",
  required: false,
  schema: { type: "string" }
}
const statusesWithPreference: ReadonlySet<string> = new Set(["200", "204", "304", "404", "409", "422", "501", "503"])

const takesPreference = ({ parameters }: OpenApi.OpenAPISpecOperation): boolean => parameters.some(({ name }) => name === "prefer")

/**
 * A parameter or header with the description and example of its schema, unless it has its own.
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
 * Schemas, as JSON, that stand for a named one: Effect writes out what a value is and loses the
 * name.
 */
const named: ReadonlyMap<string, JsonSchema> = new Map([
  [JSON.stringify({ type: "string", format: "decimal" }), { $ref: "#/components/schemas/Decimal" }]
])

/**
 * Removes `additionalProperties: false`: answers may have members that a client does not know.
 *
 * An object without any known member says that it is open, or generators take it for empty.
 */
const opened = (schema: JsonSchema): JsonSchema => {
  const { additionalProperties: values, ...rest } = schema
  if (values !== undefined && values !== false) return schema
  return schema["type"] === "object" && schema["properties"] === undefined ? { ...rest, additionalProperties: true } : rest
}

/**
 * Gives the JSON of a problem the name of the problem, with its status and title, and names the
 * counters of each section.
 */
const tidied = (document: Record<string, unknown>, sections: SectionsByDocument): OpenApi.OpenAPISpec => {
  const text = JSON.stringify(withoutAllOf(document)).replaceAll(/(#\/components\/schemas\/\w+)Encoded"/g, "$1\"")
  // A transform is typed for any object. This one is what OpenApi.fromApi made.
  const spec = JSON.parse(
    text,
    (_, value) =>
      typeof value === "object" && value !== null && !Array.isArray(value) ? named.get(JSON.stringify(value)) ?? opened(value) : value
  ) as OpenApi.OpenAPISpec
  const schemas = Object.entries(spec.components.schemas).map(([name, schema]) =>
    [name.replace(/Encoded$/, ""), closed.has(name) ? { ...schema, additionalProperties: false } : withProblemMembers(schema)] as const
  )
  return {
    ...spec,
    components: { ...spec.components, schemas: namedSections(Object.fromEntries(schemas), sections) }
  }
}

/** Schemas of bodies that are refused for a member nobody knows. */
const closed = new Set(["UserIds"])

/** Problems are made without `type`, `status` and `title`, and their JSON always has these. */
const withProblemMembers = <S extends object>(schema: S): S => {
  const { properties, required } = schema as { readonly properties?: object; readonly required?: ReadonlyArray<string> }
  const isProblem = properties !== undefined && ["type", "status", "title"].every((name) => name in properties)
  return isProblem ? { ...schema, required: [...new Set(["type", "status", "title", ...required ?? []])] } : schema
}

/**
 * Adds to the OpenAPI document what the declaration cannot say: the two ways to send a key, the
 * headers that come with a status, and a name for the counters of each section.
 */
export const openApiDetails = (sections: SectionsByDocument) => (document: Record<string, unknown>): Record<string, unknown> => {
  const spec = tidied(document, sections)
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
