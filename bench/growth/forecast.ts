import { heapUsable, pageBytes, touchedOf, touchedShare } from "./BtreeModel.ts"
import { type LogConstants, logOf } from "./logModel.ts"
import type { Rates } from "./measureRates.ts"

/** All that a forecast is made from. */
export interface Constants {
  readonly log: LogConstants
  readonly rates: Rates
}

/** How the service is used: nothing of it is measured. */
export interface Assumptions {
  /** Events of a user in the log, on average. */
  readonly perUser: number
  /** The part of the users that play on a day. */
  readonly active: number
  /** Events of each of them on that day. */
  readonly aDay: number
  /** Items of a request. */
  readonly items: number
  /** Minutes from one checkpoint of PostgreSQL to the next. */
  readonly checkpointMinutes: number
}

export const assumptions: Assumptions = { perUser: 1_000, active: 0.1, aDay: 100, items: 1_000, checkpointMinutes: 15 }

/** Slices of a log, over all partitions. */
const slices = 256

/** PostgreSQL numbers the pages of a table with 32 bits. */
const mostTableBytes = (2 ** 32 - 1) * pageBytes

/**
 * `autovacuum_freeze_max_age`: so many transactions, then PostgreSQL reads the whole table to
 * freeze it.
 */
const freezeAge = 200e6

/** `autovacuum_vacuum_insert_scale_factor` of `events` (migrations/0001_create_event_log.ts). */
const vacuumShare = 0.1

/** One of some partitions of a log, each on a server of its own. */
export interface Forecast {
  readonly partitions: number
  readonly events: number
  readonly heapBytes: number
  readonly positionBytes: number
  readonly uniqueBytes: number
  readonly levels: { readonly position: number; readonly unique: number }
  /** Pages that the partition's part of a request touches. */
  readonly touched: { readonly unique: number; readonly position: number; readonly heap: number }
  /**
   * The part of the unique key's leaves that a day's users touch, and the memory that these and the
   * inner pages take.
   */
  readonly hotShare: number
  readonly hotBytes: number
  /** PostgreSQL's own log for an event, whole pages after a checkpoint included. */
  readonly walBytes: number
  readonly rebuildHours: number
  readonly exportHours: number
  /** Days of this growth until inserts alone bring the next vacuum, and the bytes it reads. */
  readonly vacuum: { readonly days: number; readonly bytes: number }
  /** Days until a freeze reads the whole table. */
  readonly freezeDays: number
  /** The part of the largest table that PostgreSQL can have. */
  readonly ofLargestTable: number
}

/** The average events a second of a log of so many events, as its users play. */
export const averageRate = (events: number, { aDay, active, perUser }: Assumptions): number => events / perUser * active * aDay / 86_400

/** Foretells a partition of a log of so many events over so many partitions. */
export const forecastOf = (
  { log, rates }: Constants,
  { events: all, partitions, ...rest }: { readonly events: number; readonly partitions: number; readonly assumed?: Assumptions }
): Forecast => {
  const assumed = rest.assumed ?? assumptions
  const events = all / partitions
  const users = events / assumed.perUser
  const { heapPages, position, unique } = logOf(log, events, users)
  const hotShare = touchedShare(unique.leaves / users, { active: assumed.active, events: assumed.aDay })
  const hotLeaves = hotShare * unique.leaves
  const rate = averageRate(events, assumed)
  const items = assumed.items / partitions
  // Between two checkpoints each touched page is logged whole once.
  const written = Math.max(1, rate * assumed.checkpointMinutes * 60)
  const wholePages = touchedOf(hotLeaves, written) + touchedOf(slices / partitions, written)
  const requests = averageRate(all, assumed) / assumed.items
  return {
    partitions,
    events,
    heapBytes: heapPages * pageBytes,
    positionBytes: position.bytes,
    uniqueBytes: unique.bytes,
    levels: { position: position.levels, unique: unique.levels },
    touched: {
      unique: touchedOf(hotLeaves, items),
      position: touchedOf(Math.min(position.leaves, slices / partitions), items),
      heap: 1 + items * log.rowBytes / (heapUsable - log.rowWaste)
    },
    hotShare,
    hotBytes: (hotLeaves + unique.innerPages) * pageBytes,
    walBytes: rates.recordBytes + wholePages * pageBytes / written,
    rebuildHours: events / rates.rebuild / 3600,
    exportHours: events / rates.export / 3600,
    vacuum: { days: events * vacuumShare / rate / 86_400, bytes: heapPages * pageBytes * vacuumShare },
    // A request is a transaction in each partition, however few of its events are there.
    freezeDays: freezeAge / (requests * rates.transactions) / 86_400,
    ofLargestTable: heapPages * pageBytes / mostTableBytes
  }
}

/** What a machine has. */
export interface MachineSize {
  readonly threads: number
  /** The part of the threads that is used at the average rate. */
  readonly used: number
  readonly memoryBytes: number
  /** The part of the memory that may hold the hot leaves. */
  readonly forIndexes: number
  readonly diskBytes: number
}

export const machineSize: MachineSize = { threads: 16, used: 0.5, memoryBytes: 128 * 2 ** 30, forIndexes: 0.25, diskBytes: 4e12 }

/** Machines for a rate. */
export interface MachinesForRate {
  readonly rate: number
  /**
   * Threads that are busy all the time: until events are counted, and until the leaderboards show
   * them too.
   */
  readonly threads: {
    readonly service: readonly [counted: number, shown: number]
    readonly postgres: readonly [counted: number, shown: number]
  }
  /** Processes of the service, each with its two threads. */
  readonly processes: number
  readonly machines: { readonly service: number; readonly postgres: number }
}

/** The machines are for the leaderboards too. */
export const machinesForRate = ({ rates }: Constants, rate: number, size: MachineSize = machineSize): MachinesForRate => {
  const threads = (which: "service" | "postgres") => [rate * rates.micros[which] / 1e6, rate * rates.microsWithBoards[which] / 1e6] as const
  const machines = ([, shown]: readonly [number, number]) => Math.ceil(shown / (size.threads * size.used))
  const [service, postgres] = [threads("service"), threads("postgres")]
  return {
    rate,
    threads: { service, postgres },
    processes: Math.ceil(service[1] / (2 * size.used)),
    machines: { service: machines(service), postgres: machines(postgres) }
  }
}

/** Servers of PostgreSQL for a log, each with one partition, and what asks for them. */
export interface ServersForLog {
  readonly events: number
  readonly logBytes: number
  readonly projectionBytes: number
  readonly hotBytes: number
  readonly forDisk: number
  readonly forMemory: number
  readonly forTable: number
  readonly servers: number
}

/**
 * A fourth of the disk stays free: a rebuild makes a second version, and PostgreSQL's own log takes
 * its room.
 */
const usableDisk = 0.75

export const serversForLog = (constants: Constants, events: number, size: MachineSize = machineSize): ServersForLog => {
  const { heapBytes, hotBytes, ofLargestTable, positionBytes, uniqueBytes } = forecastOf(constants, { events, partitions: 1 })
  const logBytes = heapBytes + positionBytes + uniqueBytes
  const projectionBytes = events * constants.rates.projectionBytes
  const forDisk = Math.ceil((logBytes + projectionBytes) / (size.diskBytes * usableDisk))
  const forMemory = Math.ceil(hotBytes / (size.memoryBytes * size.forIndexes))
  const forTable = Math.ceil(ofLargestTable)
  return { events, logBytes, projectionBytes, hotBytes, forDisk, forMemory, forTable, servers: Math.max(forDisk, forMemory, forTable) }
}
