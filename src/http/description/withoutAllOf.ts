import type { JsonSchema } from "effect/JsonSchema"

const annotations: ReadonlySet<string> = new Set(["title", "description", "default", "examples", "format"])

const withMember = (schema: JsonSchema, member: JsonSchema): JsonSchema => {
  const result = { ...schema }
  for (const [name, value] of Object.entries(member)) {
    const other = result[name]
    if (other !== undefined && !annotations.has(name) && JSON.stringify(other) !== JSON.stringify(value)) {
      throw new Error(`A schema of the API's description has two of ${name}: ${JSON.stringify([schema, member])}`)
    }
    result[name] = value
  }
  return result
}

/**
 * A schema with the members of every `allOf`, at any depth, merged into the schema that has it.
 *
 * Effect writes the description of a member as `{ allOf: [{ $ref }, { description }] }`. Generators
 * of typed clients make `unknown` of the part without a type. OpenAPI 3.1 allows a description
 * beside `$ref` itself. A later annotation wins; any other contradiction is a defect.
 */
export const withoutAllOf = <A>(document: A): A =>
  JSON.parse(JSON.stringify(document), (_, value) => {
    if (typeof value !== "object" || value === null || !Array.isArray(value.allOf)) return value
    const { allOf, ...schema } = value as JsonSchema & { readonly allOf: ReadonlyArray<JsonSchema> }
    return allOf.reduce(withMember, schema)
  }) as A
