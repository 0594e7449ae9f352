/**
 * A set of dates as its runs of consecutive ones: first and last as days since 1970-01-01,
 * ascending, with a day or more between two runs.
 */
export type DayRuns = ReadonlyArray<DayRun>
/** Consecutive dates, both ends included. */
export type DayRun = readonly [first: number, last: number]

const byFirst = ([a]: DayRun, [b]: DayRun): number => a - b

/** The dates that are in either. */
export const union = (a: DayRuns, b: DayRuns): DayRuns => {
  const [only] = b
  return b.length === 1 && only !== undefined && only[0] === only[1] ? withDay(a, only[0]) : unionOfRuns(a, b)
}

/** The dates with one more: most sets are made date by date, and would be sorted again for each. */
const withDay = (runs: DayRuns, day: number): DayRuns => {
  let [low, high] = [0, runs.length]
  // The first run that ends on the day before or later.
  while (low < high) {
    const middle = (low + high) >> 1
    if ((runs[middle]?.[1] ?? NaN) < day - 1) low = middle + 1
    else high = middle
  }
  const run = runs[low]
  if (run === undefined || run[0] > day + 1) return runs.toSpliced(low, 0, [day, day])
  if (run[0] <= day && day <= run[1]) return runs
  if (run[0] === day + 1) return runs.toSpliced(low, 1, [day, run[1]])
  const next = runs[low + 1]
  return next !== undefined && next[0] === day + 1
    ? runs.toSpliced(low, 2, [run[0], next[1]])
    : runs.toSpliced(low, 1, [run[0], day])
}

const unionOfRuns = (a: DayRuns, b: DayRuns): DayRuns => {
  const joined: Array<[first: number, last: number]> = []
  for (const [first, last] of [...a, ...b].sort(byFirst)) {
    const previous = joined.at(-1)
    if (previous === undefined || first > previous[1] + 1) joined.push([first, last])
    else if (last > previous[1]) previous[1] = last
  }
  return joined
}

/** The runs of some single days, given in any order and any number of times. */
export const ofDays = (days: Iterable<number>): DayRuns => union(Array.from(days, (day): DayRun => [day, day]), [])

/** How many dates there are. */
export const activeDays = (runs: DayRuns): number => runs.reduce((sum, run) => sum + lengthOf(run), 0)

/** How many dates the longest run has, 0 without one. */
export const longestRun = (runs: DayRuns): number => runs.reduce((longest, run) => Math.max(longest, lengthOf(run)), 0)

/**
 * The run up to `today` or, failing that, up to the day before; dates after `today` are left out of
 * account. Undefined without one.
 */
export const currentRun = (runs: DayRuns, today: number): DayRun | undefined => {
  const run = runs.findLast(([first]) => first <= today)
  return run !== undefined && run[1] >= today - 1 ? [run[0], Math.min(run[1], today)] : undefined
}

/** How many dates a run has. */
export const lengthOf = ([first, last]: DayRun): number => last - first + 1

/** `YYYY-MM-DD`, for the years 0 to 9999. */
export const formatDay = (day: number): string => {
  const known = formatted.get(day)
  if (known !== undefined) return known
  const text = new Date(day * 86_400_000).toISOString().slice(0, 10)
  if (formatted.size >= maxFormatted) formatted.clear()
  formatted.set(day, text)
  return text
}

// Each event has a date, and nearly all have the same few.
const maxFormatted = 1024
const formatted = new Map<number, string>()

/**
 * The day that {@link formatDay} writes so; nothing for any other text, or a date that does not
 * exist.
 */
export const parseDay = (text: string): number | undefined => {
  const day = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) / 86_400_000 : NaN
  return !Number.isNaN(day) && formatDay(day) === text ? day : undefined
}

/** The text of a PostgreSQL datemultirange. */
export const format = (runs: DayRuns): string =>
  `{${runs.map(([first, last]) => `[${formatDay(first)},${formatDay(last + 1)})`).join(",")}}`

const multirange = /^\{(?:\[\d{4}-\d\d-\d\d,\d{4}-\d\d-\d\d\)(?:,(?=\[)|(?=\})))*\}$/

/**
 * Reads the text that PostgreSQL writes for a datemultirange of finite dates; throws on any other
 * text.
 */
export const parse = (text: string): DayRuns => {
  if (!multirange.test(text)) throw new Error(`not a datemultirange: ${text}`)
  const days = (text.match(/\d{4}-\d\d-\d\d/g) ?? []).map((date) => Date.parse(date) / 86_400_000)
  return Array.from({ length: days.length / 2 }, (_, at): DayRun => [days[2 * at] ?? NaN, (days[2 * at + 1] ?? NaN) - 1])
}
