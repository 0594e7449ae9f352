/** The middle and the spread of some values: of what the rounds gave, or of answers. */
export interface Spread {
  readonly median: number
  readonly least: number
  readonly greatest: number
}

/**
 * The value below which that part (0 to 1) of the values lies, between the two nearest in
 * proportion; NaN without any.
 */
export const quantile = (values: ReadonlyArray<number>, part: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const place = part * (sorted.length - 1)
  const [below = NaN, above = below] = sorted.slice(Math.floor(place), Math.floor(place) + 2)
  return below + (above - below) * (place - Math.floor(place))
}

/** Median, least and greatest; all NaN without values. */
export const spreadOf = (values: ReadonlyArray<number>): Spread => ({
  median: quantile(values, 0.5),
  least: quantile(values, 0),
  greatest: quantile(values, 1)
})
