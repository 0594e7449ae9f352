import { readFileSync } from "node:fs"

/** A metric as `docs/metrics.md` describes it. */
export interface DescribedMetric {
  readonly type: string
  /** In order of the alphabet. */
  readonly labels: ReadonlyArray<string>
}

/** The rows of the tables of a chapter of `docs/metrics.md`, cell by cell. */
export const metricsTable = (chapter: string): ReadonlyArray<ReadonlyArray<string>> => {
  const page = readFileSync(new URL("../../../docs/metrics.md", import.meta.url), "utf8")
  const text = page.split(/^## /m).find((part) => part.startsWith(`${chapter}\n`))
  if (text === undefined) throw new Error(`docs/metrics.md has no chapter "${chapter}"`)
  return text.split("\n").filter((line) => line.startsWith("| `")).map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()))
}

/** What stands between backticks. */
export const codesIn = (cell = ""): ReadonlyArray<string> => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code)

/** All metrics by name, as `docs/metrics.md` has them; a test compares it with `/metrics`. */
export const describedMetrics: ReadonlyMap<string, DescribedMetric> = new Map(
  metricsTable("All metrics").map(([name, type = "", labels]) => [codesIn(name)[0] ?? "", { type, labels: codesIn(labels).toSorted() }])
)
