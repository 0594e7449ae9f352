/**
 * The greatest of some values and the least time at which it came, as one decimal that a `greatest`
 * column keeps: the value, at least 0 and of at most 4 decimals, with what is left of the time
 * until 2202 in the 13 decimals behind. Of two such decimals the greater has the greater value, or
 * the same one earlier.
 */

/**
 * After every timestamp there can be, of the years 1900 to 2200 in any zone
 * (docs/design.md#values), and within 13 digits of all of them.
 */
const end = Date.UTC(2202, 0, 1)
const decimals = 4
const digits = 13

/** Packs a value above 0 with a time in epoch milliseconds. */
export const peakOf = (value: string, at: number): string => {
  const [whole = "0", fraction = ""] = value.split(".")
  return `${whole}.${fraction.padEnd(decimals, "0")}${String(end - at).padStart(digits, "0")}`.replace(/0+$/, "")
}

/** What {@link peakOf} packed: the value as canonical decimal text, and the time. */
export const unpackPeak = (peak: string): { readonly value: string; readonly at: number } => {
  const [whole = "0", fraction = ""] = peak.split(".")
  const all = fraction.padEnd(decimals + digits, "0")
  const kept = all.slice(0, decimals).replace(/0+$/, "")
  return { value: kept === "" ? whole : `${whole}.${kept}`, at: end - Number(all.slice(decimals)) }
}

/** The value of a column of peaks, in SQL. */
export const peakValueSql = (column: string): string => `trunc(${column}, ${decimals})`

/**
 * The time of a column of peaks, as a timestamptz, in SQL. Whole milliseconds in a double are
 * exact.
 */
export const peakTimeSql = (column: string): string =>
  `((timestamp 'epoch' + interval '1 millisecond' * (${end} - (${column} - ${peakValueSql(column)}) * 1e${
    decimals + digits
  })::float8) at time zone 'UTC')`
