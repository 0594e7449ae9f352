/** Commands of a page for the shell, and what the page says that they print. */
export interface PageCommand {
  /** `docs/sender.md:17`, where the commands begin. */
  readonly at: string
  readonly command: string
  /** Undefined if the page shows nothing. */
  readonly shown: string | undefined
  /** What is not the same each time, as the page says: `numbers`, `times`, `ids`, `positions`. */
  readonly varies: ReadonlyArray<string>
}

interface Fence {
  readonly language: string
  readonly body: string
  readonly line: number
  /** What a remark right before the fence says about it. */
  readonly remark: string
  /** Whether a heading stands between it and the fence before. */
  readonly opensPart: boolean
}

/**
 * Takes the commands from a page: its `sh` fences, with what they print.
 *
 * That is the next fence under the same heading, if it has no language or is `json` or `http`. A
 * remark before it, `<!-- varies: numbers, times -->`, says what is not the same each time. Fences
 * in another language, such as `console`, are not run.
 */
export const pageCommands = (page: string, text: string): ReadonlyArray<PageCommand> => {
  const fences = fencesOf(text)
  return fences.flatMap((fence, index) => {
    if (fence.language !== "sh") return []
    const next = fences[index + 1]
    const output = next !== undefined && !next.opensPart && ["", "json", "http"].includes(next.language) ? next : undefined
    const varies = /^varies: (.+)$/.exec(output?.remark ?? "")?.[1]?.split(", ") ?? []
    return [{ at: `${page}:${fence.line}`, command: fence.body, shown: output?.body, varies }]
  })
}

const fencesOf = (text: string): ReadonlyArray<Fence> => {
  let end = 0
  return [...text.matchAll(/^(?:<!-- (.+) -->\n+)?```(\w*)\n([^]*?)^```$/gm)].map((found) => {
    const [, remark = "", language = "", body = ""] = found
    const line = text.slice(0, found.index).split("\n").length + (remark === "" ? 0 : 2)
    const opensPart = /^#/m.test(text.slice(end, found.index))
    end = found.index + found[0].length
    return { language, body: body.trimEnd(), line, remark, opensPart }
  })
}
