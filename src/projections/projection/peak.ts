/*
 * A peak: the greatest of some values and the earliest time at which it came, packed into one
 * decimal that a `greatest` column keeps.
 *
 * The value, at least 0, has the first 4 decimals. The next 13 decimals have the milliseconds from
 * the time until 2202. Of two peaks the greater decimal has the greater value, or the same value
 * earlier.
 *
 * It is no kind of column of its own: a column's kind and its rows are part of the fingerprint of a
 * version, and would change it (`fingerprint.ts`).
 */

/**
 * After every timestamp there can be, of the years 1900 to 2200 in any zone
 * (docs/design.md#values), and no more than 13 digits of milliseconds after the first.
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
