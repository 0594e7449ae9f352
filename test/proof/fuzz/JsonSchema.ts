import type { Random } from "../../oracle/random.ts"

/** The part of JSON Schema that the service's OpenAPI document uses. */
export interface JsonSchema {
  readonly $ref?: string
  readonly type?: string | ReadonlyArray<string>
  readonly enum?: ReadonlyArray<unknown>
  readonly const?: unknown
  readonly format?: string
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly items?: JsonSchema
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: ReadonlyArray<string>
  readonly additionalProperties?: boolean | JsonSchema
  readonly anyOf?: ReadonlyArray<JsonSchema>
  readonly oneOf?: ReadonlyArray<JsonSchema>
  readonly example?: unknown
  readonly examples?: ReadonlyArray<unknown>
  readonly default?: unknown
  readonly title?: string
  readonly description?: string
}

/** What {@link JsonSchema} has; a keyword that is not here would be passed over in silence. */
const keywords: ReadonlySet<string> = new Set<keyof JsonSchema>([
  "$ref",
  "type",
  "enum",
  "const",
  "format",
  "pattern",
  "minimum",
  "maximum",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "items",
  "properties",
  "required",
  "additionalProperties",
  "anyOf",
  "oneOf",
  "example",
  "examples",
  "default",
  "title",
  "description"
])

/** Keywords of the schemas in an OpenAPI document, or in a part of one, that are not known here. */
export const unknownKeywords = (document: unknown): ReadonlyArray<string> => {
  const unknown = new Set<string>()
  const lookAtSchema = (schema: unknown): void => {
    if (!isObject(schema)) return
    for (const [name, value] of Object.entries(schema)) {
      if (!keywords.has(name)) unknown.add(name)
      if (name === "properties") { for (const member of Object.values(value as object)) lookAtSchema(member) }
      else if (name === "anyOf" || name === "oneOf") { for (const one of value as ReadonlyArray<unknown>) lookAtSchema(one) }
      else if (name === "items" || name === "additionalProperties") lookAtSchema(value)
    }
  }
  const lookForSchemas = (value: unknown): void => {
    if (!isObject(value)) return
    for (const [name, member] of Object.entries(value)) {
      if (name === "schema") lookAtSchema(member)
      else if (name === "schemas") { for (const schema of Object.values(member as object)) lookAtSchema(schema) }
      else if (name !== "example" && name !== "examples") lookForSchemas(member)
    }
  }
  lookForSchemas(document)
  return [...unknown]
}

export type Resolve = (schema: JsonSchema) => JsonSchema

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === "object" && value !== null

const typeOf = (value: unknown): string =>
  value === null
    ? "null"
    : Array.isArray(value)
    ? "array"
    : isObject(value)
    ? ("raw" in value ? "number" : "object")
    : typeof value

const lengthOf = (text: string): number => [...text].length

/**
 * Whether a schema allows a value, as far as this reading of it goes; numbers `{ raw }` are their
 * digits.
 *
 * Ajv judges parsed values, and many of these digits are of numbers that no double holds. It also
 * judges formats and bounds, which a request that breaks a pattern or a type need not break.
 */
export const conforms = (resolve: Resolve, open: JsonSchema, value: unknown): boolean => {
  const schema = resolve(open)
  const alternatives = schema.anyOf ?? schema.oneOf
  if (alternatives !== undefined && !alternatives.some((one) => conforms(resolve, one, value))) return false
  if (schema.enum?.includes(value) === false) return false
  if ("const" in schema && schema.const !== value) return false
  const types = schema.type === undefined ? undefined : [schema.type].flat()
  const type = typeOf(value)
  if (types !== undefined && !types.includes(type) && !(type === "number" && types.includes("integer"))) return false
  if (typeof value === "string") {
    const length = lengthOf(value)
    return length >= (schema.minLength ?? 0) && length <= (schema.maxLength ?? Infinity) &&
      (schema.pattern === undefined || new RegExp(schema.pattern, "u").test(value))
  }
  if (Array.isArray(value)) {
    const { items } = schema
    return value.length >= (schema.minItems ?? 0) && value.length <= (schema.maxItems ?? Infinity) &&
      (items === undefined || value.every((element) => conforms(resolve, items, element)))
  }
  if (type !== "object" || !isObject(value)) return true
  return (schema.required ?? []).every((name) => Object.hasOwn(value, name)) &&
    Object.entries(schema.properties ?? {}).every(([name, member]) => !Object.hasOwn(value, name) || conforms(resolve, member, value[name]))
}

const texts: ReadonlyArray<string> = [
  "",
  " ",
  "0",
  "null",
  "__proto__",
  "constructor",
  "toString",
  "a\0b",
  "\ud800",
  "x\udfff",
  "😀",
  "e\u0301",
  "\u202e",
  "\ufeff",
  "'; drop table events; --",
  "${jndi:ldap://127.0.0.1/a}",
  "../../etc/passwd",
  "<script>",
  "%00",
  "{}",
  "\\x00",
  "2026-02-30T00:00:00Z",
  "2026-01-31T24:00:00Z",
  "9999-12-31T23:59:59Z",
  "2026-01-31T12:00:00.123456789+14:00",
  "1900-01-01 0:00:00",
  "-000001-01-01T00:00:00Z"
]

/** A value that some schema may be surprised by. */
export const absurdValue = (random: Random, schema: JsonSchema = {}): unknown =>
  random.pick<() => unknown>([
    () => null,
    () => true,
    () => random.pick(texts),
    () => random.pick(texts),
    () => "x".repeat(random.pick([schema.maxLength ?? 64, (schema.maxLength ?? 64) + 1, 4097, 300])),
    () => "😀".repeat(random.pick([schema.maxLength ?? 64, (schema.maxLength ?? 64) + 1])),
    () => random.below(1000) - 500,
    () => ({
      raw: random.pick([
        "1e400",
        "-1e400",
        "1e-400",
        "-0",
        "-0.0e5",
        "1e24",
        "1e23",
        "1e-30",
        "1e-31",
        "123456789012345678901234.5",
        "0.1e1",
        "9".repeat(400)
      ])
    }),
    () => [],
    () => ({}),
    () => [absurdValue(random)],
    () => ({ [random.pick(["__proto__", "constructor", "a", ""])]: absurdValue(random) }),
    () => Array.from({ length: random.below(200) }, () => random.below(3))
  ])()

/** Texts that a pattern may allow, or not: numbers, ids, codes, times, and what is none of them. */
const patternTexts: ReadonlyArray<string> = [
  "x",
  "EUR",
  "eur",
  "player-17",
  "a.b",
  "..",
  ".",
  " ",
  "0",
  "-1.5",
  "1.50",
  "12345",
  "2026-01-31",
  "2026-01-31T12:00:00Z",
  "2026-01-31T12:00:00.000Z",
  "",
  "!",
  "\u00e9",
  "\u{1f3b0}"
]

const textsWith = (schema: JsonSchema): ReadonlyArray<string> => [
  ...[schema.example, ...schema.examples ?? []].filter((example) => typeof example === "string"),
  ...patternTexts
]

const alone: Resolve = (schema) => schema

/**
 * Texts that a schema's pattern does not allow, though the rest of it does; none where it has no
 * pattern.
 */
export const textsAgainstPattern = (schema: JsonSchema): ReadonlyArray<string> => {
  const { pattern, ...rest } = schema
  if (pattern === undefined) return []
  const example = textsWith(schema).find((text) => conforms(alone, schema, text)) ?? ""
  const against = [...patternTexts, `${example}!`, `!${example}`, `${example}\n`].filter((text) =>
    conforms(alone, rest, text) && !conforms(alone, schema, text)
  )
  if (against.length === 0) throw new Error(`no text is known that ${pattern} does not allow`)
  return against
}

/** A text that a schema's pattern allows. */
const textWithPattern = (random: Random, schema: JsonSchema): string => {
  const allowed = textsWith(schema).filter((text) => conforms(alone, schema, text))
  if (allowed.length === 0) throw new Error(`no text is known that ${schema.pattern ?? ""} allows`)
  return random.pick(allowed)
}

/** A value that a schema allows, mostly. */
export const schemaValue = (random: Random, resolve: Resolve, open: JsonSchema): unknown => {
  const schema = resolve(open)
  if (schema.enum !== undefined) return random.pick(schema.enum)
  const alternatives = schema.anyOf ?? schema.oneOf
  if (alternatives !== undefined) return schemaValue(random, resolve, random.pick(alternatives))
  if ("const" in schema) return schema.const
  const type = random.pick(schema.type === undefined ? ["string"] : [schema.type].flat())
  switch (type) {
    case "integer":
    case "number":
      return (schema.minimum ?? 0) + random.below((schema.maximum ?? 100) - (schema.minimum ?? 0) + 1)
    case "boolean":
      return random.chance(0.5)
    case "null":
      return null
    case "array": {
      const { items = {} } = schema
      return Array.from({ length: (schema.minItems ?? 0) + random.below(4) }, () => schemaValue(random, resolve, items))
    }
    case "object":
      return Object.fromEntries(
        Object.entries(schema.properties ?? {})
          .filter(([name]) => schema.required?.includes(name) === true || random.chance(0.5))
          .map(([name, member]) => [name, schemaValue(random, resolve, member)])
      )
    default:
      if (schema.pattern !== undefined) return textWithPattern(random, schema)
      return schema.format === "date"
        ? `2026-0${1 + random.below(9)}-${10 + random.below(18)}`
        : schema.format === "date-time"
        ? `2026-0${1 + random.below(9)}-${10 + random.below(18)}T1${random.below(10)}:00:00Z`
        : typeof schema.example === "string" && random.chance(0.5)
        ? schema.example
        : "x".repeat(Math.max(schema.minLength ?? 0, random.below(12)))
  }
}
