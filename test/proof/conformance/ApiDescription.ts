import { fullFormats } from "ajv-formats/dist/formats.js"
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js"
import { type JsonSchema, type Resolve, unknownKeywords } from "../fuzz/JsonSchema.ts"

/** What is wrong with a value, if anything is. */
export type Check = (value: unknown) => ValidateFunction["errors"]

export interface Parameter {
  readonly name: string
  readonly in: "path" | "query" | "header"
  readonly required?: boolean
  readonly explode?: boolean
  readonly schema: JsonSchema
  readonly example?: unknown
}

/** What a description says of the answers of one status. */
export interface DescribedAnswer {
  /**
   * Checks of the body by media type; none where there is no body. Members that the description
   * does not have are none there may be.
   */
  readonly contents: ReadonlyMap<string, Check>
  /** The types of its problems; none where it is no problem. */
  readonly problems: ReadonlyArray<string>
  /** Names lower-cased, and whether every answer has it. */
  readonly headers: ReadonlyMap<string, boolean>
}

export interface Operation {
  /** Its method and path. */
  readonly name: string
  readonly id: string
  /** The group it belongs to. */
  readonly tag: string
  readonly method: string
  readonly path: string
  readonly needsKey: boolean
  readonly parameters: ReadonlyArray<Parameter>
  readonly body?: { readonly schema: JsonSchema; readonly example?: unknown; readonly check: Check }
  readonly answers: ReadonlyMap<number, DescribedAnswer>
}

export interface ApiDescription {
  readonly operations: ReadonlyArray<Operation>
  readonly schemas: Readonly<Record<string, JsonSchema>>
  /** The schema that a reference leads to. */
  readonly resolve: Resolve
  /** Whether a value is as a request's schema says. */
  readonly allows: (schema: JsonSchema, value: unknown) => boolean
}

/** The part of an OpenAPI document that is read here. */
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentOperation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> }
}

interface DocumentOperation {
  readonly operationId: string
  readonly tags: readonly [string]
  readonly security: ReadonlyArray<unknown>
  readonly parameters: ReadonlyArray<Parameter>
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: JsonSchema; readonly example?: unknown }>> }
  readonly responses: Readonly<Record<string, DocumentResponse>>
}

interface DocumentResponse {
  readonly content?: Readonly<Record<string, { readonly schema: JsonSchema }>>
  readonly headers?: Readonly<Record<string, { readonly required?: boolean }>>
}

const isOpenObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && "properties" in value && "type" in value && value.type === "object" &&
  !("additionalProperties" in value)

/** The same schemas without room for members that they do not name. */
const closed = <A>(schemas: A): A =>
  JSON.parse(
    JSON.stringify(schemas),
    (_, value: unknown) => isOpenObject(value) ? { ...value, additionalProperties: false } : value
  ) as A

const compilerOf = (schemas: Readonly<Record<string, JsonSchema>>): (schema: JsonSchema) => Check => {
  const ajv = new Ajv2020({ formats: fullFormats, strict: true, allowUnionTypes: true })
  for (const [name, schema] of Object.entries(schemas)) ajv.addSchema(referring(schema), name)
  const made = new Map<string, ValidateFunction>()
  // Made when it is first needed, and once for schemas that are the same, as most are.
  return (schema: JsonSchema) => {
    const text = JSON.stringify(schema)
    return (value: unknown): ValidateFunction["errors"] => {
      const validate = made.get(text) ?? ajv.compile(referring(schema))
      made.set(text, validate)
      return validate(value) ? null : validate.errors
    }
  }
}

const referring = (schema: JsonSchema): JsonSchema =>
  JSON.parse(JSON.stringify(schema).replaceAll("\"$ref\":\"#/components/schemas/", "\"$ref\":\"")) as JsonSchema

/**
 * Reads what a service says of itself, a document of OpenAPI 3.1. Throws if it says more than is
 * known here: nothing of it goes unchecked.
 */
export const describeApi = (served: unknown): ApiDescription => {
  const { components: { schemas }, paths } = served as Document
  const unknown = unknownKeywords(served)
  if (unknown.length > 0) throw new Error(`keywords of JSON Schema that these tests do not know: ${unknown.join(", ")}`)
  const ofRequest = compilerOf(schemas)
  const ofAnswer = compilerOf(closed(schemas))

  const resolve: Resolve = (schema) => {
    const named = schemas[schema.$ref?.split("/").at(-1) ?? ""]
    return named === undefined ? schema : resolve(named)
  }
  const problemsOf = (schema: JsonSchema): ReadonlyArray<string> =>
    (schema.anyOf ?? [schema]).flatMap((one) => resolve(one).properties?.["type"]?.enum ?? []).map(String)

  const answerOf = ({ content = {}, headers = {} }: DocumentResponse): DescribedAnswer => ({
    contents: new Map(Object.entries(content).map(([type, { schema }]) => [type, ofAnswer(closed(schema))])),
    problems: Object.entries(content).flatMap(([type, { schema }]) => type === "application/problem+json" ? problemsOf(schema) : []),
    headers: new Map(Object.entries(headers).map(([name, { required }]) => [name.toLowerCase(), required === true]))
  })

  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId, parameters, requestBody, responses, security, tags }]): Operation => {
      const body = requestBody?.content["application/json"]
      return {
        name: `${method.toUpperCase()} ${path}`,
        id: operationId,
        tag: tags[0],
        method: method.toUpperCase(),
        path,
        needsKey: security.length > 0,
        parameters,
        ...body === undefined ? {} : { body: { ...body, check: ofRequest(body.schema) } },
        answers: new Map(Object.entries(responses).map(([status, response]) => [Number(status), answerOf(response)]))
      }
    })
  )

  const checks = new Map<JsonSchema, Check>()
  const allows = (schema: JsonSchema, value: unknown): boolean => {
    const check = checks.get(schema) ?? ofRequest(schema)
    checks.set(schema, check)
    return check(value) === null
  }
  return { operations, schemas, resolve, allows }
}
