import type { JsonSchema } from "effect/JsonSchema"

/** `casino_by_game` → `CasinoByGame`. */
const pascal = (name: string): string => name.replaceAll(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase())

const isSchema = (value: unknown): value is JsonSchema => typeof value === "object" && value !== null

/** The names of the sections of each schema that has sections. */
export type SectionsByDocument = Readonly<Record<string, ReadonlyArray<string>>>

/**
 * The schemas of a description, and one more for the counters of each section.
 *
 * The values of `casino` by currency are `CasinoCounters`: generated types have a name that a
 * program can use. Sections with the same counters share the name that comes first. A schema that
 * has a name keeps it.
 */
export const namedSections = (
  schemas: Readonly<Record<string, JsonSchema>>,
  sectionsByDocument: SectionsByDocument
): Record<string, JsonSchema> => {
  const all: Record<string, JsonSchema> = { ...schemas }
  const names = new Map<string, string>()

  const named = (schema: JsonSchema, name: string): JsonSchema => {
    if (isSchema(schema["properties"])) {
      const { description, ...own } = schema
      const text = JSON.stringify(own)
      const known = names.get(text) ?? name
      if (!names.has(text) && known in all) throw new Error(`Two schemas of the API's description are called ${name}`)
      names.set(text, known)
      all[known] = own
      return { $ref: `#/components/schemas/${known}`, ...description === undefined ? {} : { description } }
    }
    const { additionalProperties: values, anyOf } = schema
    return {
      ...schema,
      ...isSchema(values) ? { additionalProperties: named(values, name) } : {},
      ...Array.isArray(anyOf) ? { anyOf: anyOf.map((one: JsonSchema) => named(one, name)) } : {}
    }
  }

  for (const [document, sections] of Object.entries(sectionsByDocument)) {
    const schema = all[document]
    if (schema === undefined || !isSchema(schema["properties"])) throw new Error(`The API's description has no ${document}`)
    const properties = Object.entries(schema["properties"]).map(([name, property]) =>
      [name, sections.includes(name) ? named(property as JsonSchema, `${pascal(name)}Counters`) : property] as const
    )
    all[document] = { ...schema, properties: Object.fromEntries(properties) }
  }
  return all
}
