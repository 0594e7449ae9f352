import type { Calendar } from "./Calendar.ts"

/**
 * What a zone's clocks are ahead of UTC, in milliseconds, from an instant on until the next entry.
 * The first entry is from -Infinity.
 */
export interface OffsetChange {
  readonly from: number
  readonly offset: number
}

const millisecondsOfDay = 86_400_000

/** The calendar of a zone with these offsets. */
export const offsetCalendar = (changes: ReadonlyArray<OffsetChange>): Calendar => {
  const [starts, offsets] = [Float64Array.from(changes, ({ from }) => from), Float64Array.from(changes, ({ offset }) => offset)]
  const leftOut = daysLeftOut(changes)
  // Most instants are under the offset of the one before.
  let [from, until, offset] = [Infinity, -Infinity, 0]

  /** The index of the offset in force at an instant. */
  const indexAt = (instant: number): number => {
    let [low, high] = [0, starts.length - 1]
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (at(starts, middle) <= instant) low = middle
      else high = middle - 1
    }
    return low
  }
  const seek = (instant: number): void => {
    const index = indexAt(instant)
    from = at(starts, index)
    until = starts[index + 1] ?? Infinity
    offset = at(offsets, index)
  }

  return {
    day: (instant) => {
      if (!(instant >= from && instant < until)) seek(instant)
      return Math.floor((instant + offset) / millisecondsOfDay)
    },
    start: (day) => {
      const midnight = day * millisecondsOfDay
      // No clock is, or was since 1800, 16 hours or more off UTC.
      for (let index = indexAt(midnight - 16 * 3_600_000);; index++) {
        const instant = Math.max(at(starts, index), midnight - at(offsets, index))
        if (instant < (starts[index + 1] ?? Infinity)) return instant
      }
    },
    place: (day) => {
      let place = day
      for (const missing of leftOut) if (missing > day) place++
      return place
    },
    dayAt: (place) => {
      let day = place
      for (const missing of leftOut) if (missing >= day) day--
      return day
    }
  }
}

/** The dates that the zone never had, the latest first. */
const daysLeftOut = (changes: ReadonlyArray<OffsetChange>): ReadonlyArray<number> =>
  changes.slice(1).flatMap(({ from, offset }, index) => {
    const before = Math.floor((from - 1 + (changes[index]?.offset ?? NaN)) / millisecondsOfDay)
    const after = Math.floor((from + offset) / millisecondsOfDay)
    return Array.from({ length: Math.max(0, after - before - 1) }, (_, skipped) => before + 1 + skipped)
  }).toReversed()

const at = (values: Float64Array, index: number): number => {
  const value = values[index]
  if (value === undefined) throw new Error(`unreachable: a zone has no offset ${index}`)
  return value
}
