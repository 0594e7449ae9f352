import type { JsonSchema } from "effect/JsonSchema"

/**
 * An example of a schema: its own, or one made of the examples of its parts.
 *
 * Undefined if a part has none. The example of an array has each alternative once.
 */
export const exampleOf = (schemas: Readonly<Record<string, JsonSchema>>, schema: JsonSchema): unknown => {
  const { $ref, anyOf, examples, items, properties } = schema as {
    readonly $ref?: string
    readonly anyOf?: ReadonlyArray<JsonSchema>
    readonly examples?: ReadonlyArray<unknown>
    readonly items?: JsonSchema
    readonly properties?: Readonly<Record<string, JsonSchema>>
  }
  if (examples !== undefined) return examples[0]
  if ($ref !== undefined) return exampleOf(schemas, schemas[$ref.replace("#/components/schemas/", "")] ?? {})
  if (anyOf !== undefined) return anyOf.map((one) => exampleOf(schemas, one)).find((example) => example !== undefined)
  if (items !== undefined) {
    const { anyOf: alternatives = [items] } = items as { readonly anyOf?: ReadonlyArray<JsonSchema> }
    const all = alternatives.map((one) => exampleOf(schemas, one))
    return all.includes(undefined) ? undefined : all
  }
  if (properties === undefined) return undefined
  const members = Object.entries(properties).map(([name, member]) => [name, exampleOf(schemas, member)] as const)
  return members.some(([, example]) => example === undefined) ? undefined : Object.fromEntries(members)
}
