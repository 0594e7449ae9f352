import type * as SchemaAST from "effect/SchemaAST"
import { isDeepStrictEqual } from "node:util"

/**
 * One place where two sections of a user differ. Values are JSON, cut to some characters; null
 * where there is none.
 */
export interface SectionDifference {
  /**
   * The names that lead there, joined by dots: `*` for a name that is a key, such as a currency,
   * and `[]` for an element of an array.
   */
  readonly path: string
  /** The names themselves. */
  readonly at: string
  readonly before: string | null
  readonly after: string | null
}

/** Most characters of a value or a path. */
const maxCharacters = 80

/**
 * Where two sections of one user differ, the first place of each path. The schema tells names from
 * keys. The order of members makes no difference. Of two arrays, it names the first element that
 * only one of them has, or says that their order is another.
 */
export const sectionDifferences = (
  schema: SchemaAST.AST | undefined,
  before: unknown,
  after: unknown
): ReadonlyArray<SectionDifference> => {
  const found = new Map<string, SectionDifference>()
  const note = (path: ReadonlyArray<string>, at: ReadonlyArray<string>, before: string | null, after: string | null) => {
    const id = path.join(".")
    if (!found.has(id)) found.set(id, { path: cut(id), at: cut(at.join(".")), before, after })
  }
  const walk = (
    ast: SchemaAST.AST | undefined,
    [before, after]: readonly [unknown, unknown],
    path: ReadonlyArray<string>,
    at: ReadonlyArray<string>
  ): void => {
    if (isDeepStrictEqual(before, after)) return
    if (isRecord(before) && isRecord(after)) {
      for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
        const member = memberOf(ast, name)
        walk(member.ast, [before[name], after[name]], [...path, member.isKey ? "*" : name], [...at, name])
      }
    } else if (Array.isArray(before) && Array.isArray(after)) {
      const [gone, come] = [elementOnlyIn(before, after), elementOnlyIn(after, before)]
      if (gone === null && come === null) note([...path, "[]"], [...at, "[]"], "in this order", "in another order")
      else note([...path, "[]"], [...at, "[]"], gone, come)
    } else note(path, at, textOf(before), textOf(after))
  }
  walk(schema, [before, after], [], [])
  return [...found.values()]
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The schema of a member of an object, and whether its name is a key among others. */
const memberOf = (ast: SchemaAST.AST | undefined, name: string): { readonly ast: SchemaAST.AST | undefined; readonly isKey: boolean } => {
  switch (ast?._tag) {
    case "Objects": {
      const property = ast.propertySignatures.find((property) => property.name === name)
      return property !== undefined
        ? { ast: property.type, isKey: false }
        : { ast: ast.indexSignatures[0]?.type, isKey: ast.indexSignatures.length > 0 }
    }
    case "Union": {
      const objects = ast.types.find(({ _tag }) => _tag === "Objects")
      return memberOf(objects, name)
    }
    case "Suspend":
      return memberOf(ast.thunk(), name)
    default:
      return { ast: undefined, isKey: false }
  }
}

const elementOnlyIn = (elements: ReadonlyArray<unknown>, others: ReadonlyArray<unknown>): string | null => {
  const known = new Set(others.map((other) => JSON.stringify(other)))
  const only = elements.find((element) => !known.has(JSON.stringify(element)))
  return only === undefined ? null : textOf(only)
}

const textOf = (value: unknown): string | null => value === undefined ? null : cut(JSON.stringify(value) ?? String(value))

const cut = (text: string): string => text.length <= maxCharacters ? text : `${text.slice(0, maxCharacters - 1)}…`
