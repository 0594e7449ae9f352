const imported = /^import \{ (\w+) \} from "\.\/\w+\.ts"$/gm
const array = /^(export const catalog: ReadonlyArray<AnyProjection> = \[)([\w\s,]*)\]$/m
const lineWidth = 140

/**
 * The source of `catalog.ts` with one more projection, at the place of the array that `placeIn`
 * finds for it (at the end if that is beyond it), its import in the order of the others. Undefined
 * if the source does not look as expected: one import a line, and an array of names.
 */
export const newCatalogEntry = (
  source: string,
  variable: string,
  placeIn: (names: ReadonlyArray<string>) => number
): string | undefined => {
  const imports = [...source.matchAll(imported)]
  const [whole, opening, listed] = array.exec(source) ?? []
  const [last] = imports.slice(-1)
  if (whole === undefined || opening === undefined || listed === undefined || last === undefined) return undefined

  const names = listed.split(",").map((name) => name.trim()).filter((name) => name !== "")
  if (names.some((name) => !/^\w+$/.test(name))) return undefined
  const list = names.toSpliced(placeIn(names), 0, variable)
  const line = `${opening}${list.join(", ")}]`
  const text = listed.startsWith("\n") || line.length > lineWidth ? `${opening}\n${list.map((name) => `  ${name}`).join(",\n")}\n]` : line

  const added = `import { ${variable} } from "./${variable}.ts"\n`
  const next = imports.find(([, name = ""]) => name > variable)
  const at = next?.index ?? last.index + last[0].length + 1
  return (source.slice(0, at) + added + source.slice(at)).replace(whole, text)
}
