import * as SchemaAST from "effect/SchemaAST"
import { Amount } from "../values/jsonValues.ts"

/**
 * Where in a user's counters document a value is: the names that lead to it, the section first. As
 * text they are joined by dots, and within a name `~` is written `~0` and `.` is written `~1`, as
 * in a JSON Pointer (RFC 6901): `casino.EUR.bet_amount`, and `casino.A~1B.bet_amount` for a
 * currency "A.B".
 */
export type CounterPath = readonly [section: string, ...names: ReadonlyArray<string>]

const misplaced = /~(?![01])/

/** The path that a text says; undefined for a text with another `~`. */
export const parseCounterPath = (text: string): CounterPath | undefined => {
  if (misplaced.test(text)) return undefined
  const [section = "", ...names] = text.split(".").map((name) => name.replaceAll("~1", ".").replaceAll("~0", "~"))
  return [section, ...names]
}

/** The text of a path. */
export const formatCounterPath = (path: CounterPath): string =>
  path.map((name) => name.replaceAll("~", "~0").replaceAll(".", "~1")).join(".")

/**
 * What a value is: a number of things, an exact decimal, or anything else (a time, a text, true or
 * false).
 */
export type ValueKind = "count" | "amount" | "other"

/**
 * What is at the end of `names` in a document of a schema. Undefined if they lead to nothing there,
 * or to more than one value.
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

const amountIdentifier = SchemaAST.resolveIdentifier(Amount.ast)

/** What is at the end of `names` in a section; undefined if there is nothing. */
export const valueAt = (section: unknown, names: ReadonlyArray<string>): unknown =>
  names.reduce<unknown>(
    (value, name) => typeof value === "object" && value !== null && Object.hasOwn(value, name) ? memberOf(value, name) : undefined,
    section
  )

const memberOf = (value: object, name: string): unknown => (value as Readonly<Record<string, unknown>>)[name]
