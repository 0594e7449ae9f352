import { allSlices, sliceCount } from "../event-log/sliceOf.ts"
import { known } from "../values/known.ts"
import { Slice } from "../values/Slice.ts"

/** The server of the database that `DATABASE_URL` names, or of the embedded one. */
export const homeServer = "home"

/** A partition as the directory has it: a range of slices, and the server that serves it. */
export interface PartitionEntry {
  /** The number of the partition. */
  readonly partition: number
  readonly first: Slice
  readonly last: Slice
  /** A name of the setting `DATABASE_SERVERS`, or {@link homeServer}. */
  readonly server: string
  /** It rises each time the partition moves. */
  readonly epoch: number
  /**
   * While a partition is moving, its server may stop to serve it at any time. While it is
   * shrinking, its database may still rank users of the other half of a split.
   */
  readonly state: "serving" | "moving" | "shrinking"
}

/** All partitions, by their first slices. Together they have each slice once. */
export type PartitionMap = ReadonlyArray<PartitionEntry>

/** The log that lies in one database. */
export const onePartition: PartitionMap = [
  { partition: 0, first: Slice(0), last: Slice(sliceCount - 1), server: homeServer, epoch: 0, state: "serving" }
]

/** Whether a partition has a slice. */
export const hasSlice = ({ first, last }: Pick<PartitionEntry, "first" | "last">, slice: Slice): boolean => first <= slice && slice <= last

/** The partition that has a slice. */
export const partitionOf = (map: PartitionMap, slice: Slice): PartitionEntry =>
  known(map.length === 1 ? map[0] : map.find((entry) => hasSlice(entry, slice)), `partition of slice ${slice}`)

/** The slices of a partition. */
export const slicesOf = ({ first, last }: Pick<PartitionEntry, "first" | "last">): ReadonlyArray<Slice> => allSlices.slice(first, last + 1)

/**
 * The layout of a new log: ranges as equal as can be, the first at home, the others on the servers
 * in turn.
 */
export const newLayout = (servers: ReadonlyArray<string>): PartitionMap => {
  const boundary = (nth: number) => Math.round((nth * sliceCount) / servers.length)
  return servers.map((server, partition) => ({
    partition,
    first: Slice(boundary(partition)),
    last: Slice(boundary(partition + 1) - 1),
    server,
    epoch: 1,
    state: "serving"
  }))
}

/** Whether two entries are the same partition, in the same place. */
export const isSamePlace = (one: PartitionEntry, other: PartitionEntry): boolean =>
  one.partition === other.partition && one.server === other.server && one.epoch === other.epoch && one.first === other.first &&
  one.last === other.last
