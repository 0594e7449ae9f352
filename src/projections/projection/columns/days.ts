import { type DayRuns, format, ofDays, parse, union } from "../../../values/dayRuns.ts"
import { type Collected, type CollectedKind, unchanged } from "./TotalKind.ts"

/** The set of some dates, as its runs. */
export const daysKind = {
  nothing: [],
  one: (day) => [[day, day]],
  merge: union,
  covers: (kept, withdrawn) => kept === withdrawn,
  collect: (): Collected<number, DayRuns> => new CountedDays(),
  sql: {
    column: "datemultirange not null",
    // The driver knows no multiranges: they travel as text, both ways.
    parameter: { type: "datemultirange", arrayOf: "text" },
    encode: format,
    decode: (value) => parse(String(value)),
    zero: "'{}'",
    merge: (stored, added) => `${stored} + ${added}`,
    shown: unchanged,
    fetched: (value) => `${value}::text`,
    isNumber: false
  },
  document: undefined
} satisfies CollectedKind<number, DayRuns>

class CountedDays implements Collected<number, DayRuns> {
  private readonly counts = new Map<number, number>()

  add(day: number): void {
    this.counts.set(day, (this.counts.get(day) ?? 0) + 1)
  }

  remove(day: number): void {
    const count = this.counts.get(day) ?? 0
    if (count > 1) this.counts.set(day, count - 1)
    else this.counts.delete(day)
  }

  value(): DayRuns | undefined {
    return this.counts.size === 0 ? undefined : ofDays(this.counts.keys())
  }
}
