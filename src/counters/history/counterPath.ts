import * as SchemaAST from "effect/SchemaAST"
import { Decimal } from "../../values/jsonValues.ts"

/**
 * Where a value is in a user's counters document: the names that lead to it, the section first.
 *
 * The text of a path joins the names by dots. As in a JSON Pointer (RFC 6901), a name has `~0` for
 * `~`, and it has `~1` for `.`. Examples are `casino.EUR.bet_amount`, and `casino.A~1B.bet_amount`
 * for a currency "A.B".
 */
export type CounterPath = readonly [section: string, ...names: ReadonlyArray<string>]

const misplaced = /~(?![01])/

/** The path of a text; undefined if the text has another `~`. */
export const parseCounterPath = (text: string): CounterPath | undefined => {
  if (misplaced.test(text)) return undefined
  const [section = "", ...names] = text.split(".").map((name) => name.replaceAll("~1", ".").replaceAll("~0", "~"))
  return [section, ...names]
}

/** The text of a path. */
export const formatCounterPath = (path: CounterPath): string =>
  path.map((name) => name.replaceAll("~", "~0").replaceAll(".", "~1")).join(".")

/**
 * What a value is: a number of things, an exact decimal, or anything else.
 *
 * Anything else is a time, a text, or true or false.
 */
export type ValueKind = "count" | "amount" | "other"

/**
 * The kind of the value at the end of `names` in a document of a schema.
 *
 * Undefined if the names lead to nothing, or to more than one value.
 */
export const valueKind = (schema: SchemaAST.AST, names: ReadonlyArray<string>): ValueKind | undefined => {
  const [name, ...rest] = names
  switch (schema._tag) {
    case "Objects": {
      if (name === undefined) return undefined
      const member = schema.propertySignatures.find((property) => property.name === name) ??
        schema.indexSignatures.find(({ parameter }) => parameter._tag === "String")
      return member === undefined ? undefined : valueKind(member.type, rest)
    }
    case "Union": {
      const kinds = new Set(schema.types.filter(({ _tag }) => _tag !== "Null").flatMap((type) => valueKind(type, names) ?? []))
      return kinds.size > 1 ? "other" : [...kinds][0]
    }
    case "Suspend":
      return valueKind(schema.thunk(), names)
    case "Unknown":
    case "Any":
      return "other"
    case "Number":
      return name === undefined ? "count" : undefined
    default:
      return name !== undefined ? undefined : SchemaAST.resolveIdentifier(schema) === amountIdentifier ? "amount" : "other"
  }
}

const amountIdentifier = SchemaAST.resolveIdentifier(Decimal.ast)

/** The value at the end of `names` in a section; undefined if there is none. */
export const valueAt = (section: unknown, names: ReadonlyArray<string>): unknown =>
  names.reduce<unknown>(
    (value, name) => typeof value === "object" && value !== null && Object.hasOwn(value, name) ? memberOf(value, name) : undefined,
    section
  )

const memberOf = (value: object, name: string): unknown => (value as Readonly<Record<string, unknown>>)[name]
