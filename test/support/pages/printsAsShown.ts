import type { PageCommand } from "./pageCommands.ts"

/** What stands for a thing that is not the same each time. */
const masks: Readonly<Record<string, ReadonlyArray<readonly [what: RegExp, mask: string]>>> = {
  times: [[/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME"], [/\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT/g, "TIME"]],
  ids: [[/\b[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\b/g, "ID"], [/\b[\da-f]{32}\b/g, "ID"], [/\bpt_[\w-]{20,}/g, "ID"]],
  positions: [[/("position":\s*)\d+/g, "$1N"], [/\b\d+\/\d+\b/g, "N/N"]],
  numbers: [[/-?\d[\d,.]*/g, "N"]]
}

/**
 * Whether commands printed what their page shows.
 *
 * `…` in the page stands for anything, and alone in a line for any lines. The rest is the same,
 * except for what the page says is not, and for spaces: as many as a table or a reader of JSON
 * needs.
 */
export const printsAsShown = ({ shown = "", varies }: Pick<PageCommand, "shown" | "varies">, printed: string): boolean => {
  const unknown = varies.filter((kind) => !Object.hasOwn(masks, kind))
  if (unknown.length > 0) throw new Error(`Nothing varies by the name of ${unknown.join(", ")}`)
  const isJson = /^[{[]/.test(shown)
  const plain = (text: string) =>
    varies.flatMap((kind) => masks[kind] ?? [])
      .reduce((masked, [what, mask]) => masked.replaceAll(what, mask), text.trim())
      .replaceAll(isJson ? /\s+/g : /[ \t]+(?=\n|$)/g, "")
      .replaceAll(/[ \t]+/g, " ")
  const pattern = plain(shown)
    .replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")
    // Lines that are left out may be none.
    .replaceAll(/\n…(?=\n|$)/g, "(?:\n[^]*)?")
    .replaceAll(/^…\n/g, "(?:[^]*\n)?")
    .replaceAll(/ ?… ?/g, "[^]*?")
  return new RegExp(`^${pattern}$`).test(plain(printed))
}
