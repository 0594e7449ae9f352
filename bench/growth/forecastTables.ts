import { formatTable } from "../../src/cli/formatTable.ts"
import { type Assumptions, averageRate, type Constants, forecastOf, machinesForRate, type MachineSize, serversForLog } from "./forecast.ts"
import { type Comparison, holds } from "./measureLog.ts"

const digits = (value: number): string => value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toPrecision(2)

/** Bytes in the largest unit of which there is at least one. */
export const bytesText = (bytes: number): string => {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"]
  const place = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(bytes) / 10)))
  return `${digits(bytes / 2 ** (10 * place))} ${units[place] ?? ""}`
}

/** A count as a power of ten where it is one. */
export const countText = (count: number): string => {
  const power = Math.round(Math.log10(count))
  if (count >= 1e4 && Math.abs(count / 10 ** power - 1) < 1e-9) return `1e${power}`
  return count >= 1e6 ? count.toExponential(1).replace("+", "") : count >= 1e4 ? `${digits(count / 1e3)}k` : digits(count)
}

const daysText = (days: number): string =>
  days >= 730 ? `${digits(days / 365)} years` : days >= 1 ? `${digits(days)} days` : `${digits(days * 24)} h`

const hoursText = (hours: number): string => hours >= 1 ? `${digits(hours)} h` : `${digits(hours * 60)} min`

const percent = (part: number): string => `${digits(part * 100)} %`

/** The model beside the log, with what does not hold marked. */
export const comparisonTable = (comparisons: ReadonlyArray<Comparison>): ReadonlyArray<string> =>
  formatTable(
    ["WHAT", "MODEL", "REAL", "RATIO", "ALLOWED", ""],
    comparisons.map((comparison) => {
      const { allowed, model, real, what } = comparison
      return [
        what,
        model.toFixed(0),
        real.toFixed(0),
        (model / real).toFixed(3),
        `${(1 - allowed.below).toFixed(2)} to ${(1 + allowed.above).toFixed(2)}`,
        holds(comparison) ? "" : "TOO FAR OFF"
      ]
    })
  )

/** What one partition of a log of so many events has, by the number of partitions. */
export const growthTable = (
  constants: Constants,
  events: number,
  partitions: ReadonlyArray<number>,
  assumed: Assumptions
): ReadonlyArray<string> => [
  `${countText(events)} events, ${countText(events / assumed.perUser)} users, ${
    countText(averageRate(events, assumed))
  } events/s on average: what each partition has`,
  ...formatTable(
    [
      "PARTITIONS",
      "EVENTS",
      "TABLE",
      "OF 32 TiB",
      "POSITION KEY",
      "UNIQUE KEY",
      "LEVELS",
      "PAGES A REQUEST",
      "HOT LEAVES",
      "MEMORY",
      "WAL/EVENT",
      "REBUILD",
      "EXPORT",
      "VACUUM",
      "FREEZE"
    ],
    partitions.map((partitions) => {
      const row = forecastOf(constants, { events, partitions, assumed })
      return [
        String(partitions),
        countText(row.events),
        bytesText(row.heapBytes),
        percent(row.ofLargestTable),
        bytesText(row.positionBytes),
        bytesText(row.uniqueBytes),
        `${row.levels.position}, ${row.levels.unique}`,
        `${digits(row.touched.unique)} + ${digits(row.touched.position)} + ${digits(row.touched.heap)}`,
        percent(row.hotShare),
        bytesText(row.hotBytes),
        bytesText(row.walBytes),
        hoursText(row.rebuildHours),
        hoursText(row.exportHours),
        `${daysText(row.vacuum.days)}, ${bytesText(row.vacuum.bytes)}`,
        daysText(row.freezeDays)
      ]
    })
  )
]

/** Machines by rate. */
export const rateTable = (constants: Constants, rates: ReadonlyArray<number>, size: MachineSize): ReadonlyArray<string> =>
  formatTable(
    ["EVENTS/S", "BUSY THREADS: SERVICE", "POSTGRESQL", "PROCESSES", "MACHINES: SERVICE", "POSTGRESQL"],
    rates.map((rate) => {
      const row = machinesForRate(constants, rate, size)
      return [
        countText(rate),
        row.threads.service.map(digits).join(" to "),
        row.threads.postgres.map(digits).join(" to "),
        String(row.processes),
        String(row.machines.service),
        String(row.machines.postgres)
      ]
    })
  )

/** Servers of PostgreSQL by the size of the log. */
export const sizeTable = (constants: Constants, events: ReadonlyArray<number>, size: MachineSize): ReadonlyArray<string> =>
  formatTable(
    ["EVENTS", "LOG", "PROJECTIONS", "HOT INDEX", "SERVERS FOR DISK", "FOR MEMORY", "FOR 32 TiB", "SERVERS"],
    events.map((events) => {
      const row = serversForLog(constants, events, size)
      return [
        countText(events),
        bytesText(row.logBytes),
        bytesText(row.projectionBytes),
        bytesText(row.hotBytes),
        String(row.forDisk),
        String(row.forMemory),
        String(row.forTable),
        String(row.servers)
      ]
    })
  )
