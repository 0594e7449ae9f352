/** A metric of `/metrics` with all its series. */
export interface Family {
  readonly name: string
  readonly type: string
  readonly help: string
  /** The names of its labels, but for the `le` of a histogram. */
  readonly labels: ReadonlySet<string>
}

/** The families of Prometheus' text format, by name; fails on a line that is of none. */
export const readFamilies = (text: string): ReadonlyMap<string, Family> => {
  const families = new Map<string, { name: string; type: string; help: string; labels: Set<string> }>()
  let last: { name: string; type: string; help: string; labels: Set<string> } | undefined
  let help = ""
  for (const line of text.trimEnd().split("\n")) {
    const [, word, about, rest = ""] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? []
    if (word === "HELP") help = rest
    else if (word === "TYPE" && about !== undefined) {
      last = { name: about, type: rest, help, labels: new Set() }
      families.set(about, last)
      help = ""
    } else {
      const [, name = "", labels = ""] = /^(\w+)(?:\{(.*)\})? \S+$/.exec(line) ?? []
      if (last === undefined || name.replace(last.type === "histogram" ? /_(bucket|sum|count)$/ : /$^/, "") !== last.name) {
        throw new Error(`a line of no metric: ${line}`)
      }
      for (const [, label = ""] of labels.matchAll(/(\w+)="/g)) if (last.type !== "histogram" || label !== "le") last.labels.add(label)
    }
  }
  return families
}
