import { formatTable } from "../src/cli/formatTable.ts"
import { type Outcome, ratioOf } from "./Measurement.ts"
import { spreadOf } from "./statistics.ts"

/** A number with as many digits as are worth reading. */
export const short = (value: number): string => {
  if (!Number.isFinite(value)) return "-"
  const size = Math.abs(value)
  if (size >= 1_000_000) return `${(value / 1_000_000).toFixed(2)}M`
  if (size >= 10_000) return `${(value / 1000).toFixed(1)}k`
  if (size >= 100) return value.toFixed(0)
  return size >= 10 ? value.toFixed(1) : size >= 1 || size === 0 ? value.toFixed(2) : value.toPrecision(2)
}

/**
 * What was found as lines for the screen: per row its measurements, with the median of the rounds,
 * their spread and the ratio.
 */
export const resultTable = (outcomes: ReadonlyArray<Outcome>): ReadonlyArray<string> =>
  outcomes.flatMap(({ measurements, name, notes = [], status, title, why }) => {
    const heading = ["", `${name}: ${title}`]
    if (status !== "measured") return [...heading, `  ${status}: ${why ?? ""}`]
    const rows = measurements.map((measurement) => {
      const { greatest, least, median } = spreadOf(measurement.values)
      const ratio = ratioOf(measurement)
      return [
        `  ${measurement.what}`,
        short(median),
        `${short(least)}-${short(greatest)}`,
        measurement.unit,
        ratio === undefined ? "" : short(ratio.median),
        ratio === undefined ? "" : `${short(ratio.least)}-${short(ratio.greatest)}`,
        measurement.against === undefined ? "" : `of ${measurement.against.what} (${short(spreadOf(measurement.against.values).median)})`
      ]
    })
    return [
      ...heading,
      ...formatTable(["", "MEDIAN", "ROUNDS", "", "RATIO", "ROUNDS", "OF"], rows),
      ...notes.map((note) => `  * ${note}`)
    ].map((line) => line.trimEnd())
  })
