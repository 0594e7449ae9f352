/** The metrics of one process, in Prometheus' text format. */
export interface ProcessMetrics {
  readonly process: number
  readonly text: string
}

/** A metric: what is said of it, and its samples. */
interface Family {
  help: string | undefined
  type: string | undefined
  readonly samples: Array<string>
}

const sample = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (.+)$/

/**
 * One text for several processes: each sample gets the label `process`, unless it has one.
 *
 * The format wants all samples of a metric in one place, behind what is said of it.
 */
export const mergeMetrics = (parts: ReadonlyArray<ProcessMetrics>): string => {
  const families = new Map<string, Family>()
  const familyOf = (name: string): Family => {
    const known = families.get(name)
    if (known !== undefined) return known
    const made: Family = { help: undefined, type: undefined, samples: [] }
    families.set(name, made)
    return made
  }
  for (const { process, text } of parts) {
    let family: Family | undefined
    for (const line of text.split("\n")) {
      const [, word, name, rest] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? []
      if (name !== undefined && rest !== undefined) {
        family = familyOf(name)
        if (word === "HELP") family.help ??= line
        else family.type ??= line
        continue
      }
      const [, metric, labels = "", value] = sample.exec(line) ?? []
      if (metric === undefined || value === undefined) continue
      const own = /(?:^|,)process="/.test(labels) ? [] : [`process="${process}"`]
      const all = [...own, ...labels === "" ? [] : [labels]].join(",")
      ;(family ?? familyOf(metric)).samples.push(`${metric}{${all}} ${value}`)
    }
  }
  const lines = [...families.values()].flatMap(({ help, samples, type }) => [
    ...help === undefined ? [] : [help],
    ...type === undefined ? [] : [type],
    ...samples
  ])
  return lines.map((line) => `${line}\n`).join("")
}
