/** The periods that days are put together in. */
export type Granularity = "day" | "week" | "month"

const millisecondsOfDay = 86_400_000

const remainder = (value: number, divisor: number): number => ((value % divisor) + divisor) % divisor

/**
 * The first and the last day of the period that a day is in, all as days since 1970-01-01. Weeks
 * begin on `weekStart`, 1 (Monday) to 7.
 */
export const periodOf = (day: number, granularity: Granularity, weekStart: number): readonly [first: number, last: number] => {
  switch (granularity) {
    case "day":
      return [day, day]
    case "week": {
      // 1970-01-01 was a Thursday.
      const first = day - remainder(day + 4 - weekStart, 7)
      return [first, first + 6]
    }
    case "month": {
      const date = new Date(day * millisecondsOfDay)
      const start = (months: number) => Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1) / millisecondsOfDay
      return [start(0), start(1) - 1]
    }
  }
}
