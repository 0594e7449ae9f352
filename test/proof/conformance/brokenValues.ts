import { type JsonSchema, textsAgainstPattern } from "../fuzz/JsonSchema.ts"
import type { ApiDescription, Parameter } from "./ApiDescription.ts"

/** Texts that are none for a parameter, as its description says. */
export const brokenTexts = ({ resolve }: ApiDescription, { in: place, name, required, schema }: Parameter) => {
  const broken: Array<readonly [what: string, value: string | ReadonlyArray<string> | undefined]> = []
  const { enum: values, format, items, maxItems, maxLength, maximum, minItems, minLength, minimum, type } = resolve(schema)
  if (required === true && place === "query") broken.push(["missing", undefined])
  if (items !== undefined) {
    const { enum: [first] = ["x"], maxLength: longest } = resolve(items)
    if (resolve(items).enum !== undefined) broken.push(["an unknown member", [String(first), "unknown"]])
    for (const text of textsAgainstPattern(resolve(items))) broken.push(["a member against the pattern", [text]])
    if (longest !== undefined) broken.push(["a member that is too long", ["x".repeat(longest + 1)]])
    if (maxItems !== undefined) broken.push(["too many members", Array.from({ length: maxItems + 1 }, (_, nth) => `x${nth}`)])
    if (minItems !== undefined && minItems > 0) broken.push(["no member", ""])
    return broken
  }
  if (type === "integer") {
    for (const text of ["", "x", "1.5", "1e1", "0x1", "+1", " 1", "01"]) broken.push(["no integer", text])
    if (minimum !== undefined) broken.push(["too small", String(minimum - 1)])
    if (maximum !== undefined) broken.push(["too large", String(maximum + 1)])
  }
  if (values !== undefined) {
    for (const text of ["unknown", String(values[0]).toUpperCase(), ...place === "query" ? [""] : []]) {
      broken.push(["none of the list", text])
    }
  }
  if (format === "date") { for (const text of ["", "yesterday", "2026-02-30", "2026-1-1", "1899-12-31"]) broken.push(["no date", text]) }
  if (format === "date-time") { for (const text of ["", "yesterday", "2026-02-30T00:00:00Z"]) broken.push(["no time", text]) }
  for (const text of textsAgainstPattern(resolve(schema))) if (place === "query" || text !== "") broken.push(["against the pattern", text])
  if (maxLength !== undefined) broken.push(["too long", "x".repeat(maxLength + 1)])
  if (minLength !== undefined && minLength > 0 && place === "query") broken.push(["too short", ""])
  if (name === "cursor") broken.push(["made up", "AAAAAAAAAAAAAAAAAAAAAAAA"], ["none at all", "!"])
  if (name === "path") broken.push(["of no section", "nothing.at.all"])
  if (place === "query" && values === undefined && name !== "cursor") broken.push(["twice", ["1", "2"]])
  return broken
}

/** A value with one thing wrong, and where. */
export interface BrokenValue {
  readonly what: string
  readonly path: ReadonlyArray<string | number>
  readonly value: unknown
}

const strangers = [null, true, -1.5, "\u0001 stranger", [], {}]

/** Values that differ from a valid one in one thing that its schema does not allow. */
export const brokenValues = ({ allows, resolve }: ApiDescription) => {
  function* at(open: JsonSchema, value: unknown, path: ReadonlyArray<string | number>): Generator<BrokenValue> {
    const schema = alternative(resolve(open), value)
    for (const stranger of strangers) {
      if (!allows(open, stranger)) yield { what: `is ${JSON.stringify(stranger)}`, path, value: stranger }
    }
    if (typeof value === "string" && schema.maxLength !== undefined) {
      yield { what: "is too long", path, value: "x".repeat(schema.maxLength + 1) }
      if ((schema.minLength ?? 0) > 0) yield { what: "is too short", path, value: "" }
    }
    if (typeof value === "string") {
      for (const text of textsAgainstPattern(schema)) yield { what: `is ${JSON.stringify(text)}`, path, value: text }
      for (const text of ["a\0b", "\ud800"]) if (schema.enum === undefined) yield { what: "is no text", path, value: text }
    }
    if (Array.isArray(value)) {
      const { items, maxItems, minItems = 0 } = schema
      if (minItems > 0) yield { what: "has too few", path, value: [] }
      if (maxItems !== undefined) {
        yield {
          what: "has too many",
          path,
          value: Array.from({ length: maxItems + 1 }, () => value[0] as unknown)
        }
      }
      if (items !== undefined && value.length > 0) {
        for (const inner of at(items, value[0], [...path, 0])) yield { ...inner, value: [inner.value, ...value.slice(1)] }
      }
    } else if (typeof value === "object" && value !== null) {
      for (const name of schema.required ?? []) {
        const { [name]: _, ...rest } = value as Record<string, unknown>
        yield { what: "is missing", path: [...path, name], value: rest }
      }
      for (const [name, member] of Object.entries(schema.properties ?? {})) {
        const own = (value as Record<string, unknown>)[name]
        if (own === undefined) continue
        for (const inner of at(member, own, [...path, name])) yield { ...inner, value: { ...value, [name]: inner.value } }
      }
      if (!allows(open, { ...value, unknown: 1 })) yield { what: "is unknown", path: [...path, "unknown"], value: { ...value, unknown: 1 } }
    }
  }
  const alternative = (schema: JsonSchema, value: unknown): JsonSchema => resolve(schema.anyOf?.find((one) => allows(one, value)) ?? schema)
  return (schema: JsonSchema, value: unknown) => [...at(schema, value, [])]
}
