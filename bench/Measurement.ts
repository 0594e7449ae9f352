import { type Spread, spreadOf } from "./statistics.ts"

/**
 * One thing measured, once a round. With `against`, something else measured in the same rounds, on
 * which the ratio is taken round by round.
 */
export interface Measurement {
  readonly what: string
  /** What the values are in, for the table: `events/s`, `ms`. */
  readonly unit: string
  readonly values: ReadonlyArray<number>
  readonly against?: { readonly what: string; readonly values: ReadonlyArray<number> }
}

/**
 * Something observed again and again over time: seconds since the first observation, and the value.
 */
export interface Series {
  readonly title: string
  readonly unit: string
  readonly lines: ReadonlyArray<{ readonly name: string; readonly points: ReadonlyArray<readonly [seconds: number, value: number]> }>
}

/** What a row of the benchmark found. The notes say what its numbers need to be understood. */
export interface Findings {
  readonly measurements: ReadonlyArray<Measurement>
  readonly series?: ReadonlyArray<Series>
  readonly notes?: ReadonlyArray<string>
}

/** A row with what came of it; `why` where it was not measured. */
export interface Outcome extends Findings {
  readonly name: string
  readonly title: string
  readonly status: "measured" | "not measured" | "failed"
  readonly why?: string
  readonly seconds: number
}

/** The measurement's ratio to what it is measured against, of each round; undefined without. */
export const ratioOf = ({ against, values }: Measurement): Spread | undefined =>
  against === undefined
    ? undefined
    : spreadOf(values.flatMap((value, round) => {
      const base = against.values[round]
      return base === undefined || base === 0 ? [] : [value / base]
    }))
