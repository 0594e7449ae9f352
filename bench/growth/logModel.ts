import { btreeOf, type BtreeShape, entryBytes, heapUsable, leavesOf, pageBytes, randomFill } from "./BtreeModel.ts"

/** What is measured of a log before its growth is foretold. */
export interface LogConstants {
  /** Bytes of a row of `events` with its line pointer, on average. */
  readonly rowBytes: number
  /** Bytes that the end of a page leaves free, since the next row does not fit. */
  readonly rowWaste: number
  readonly userIdBytes: number
  /** The position key at some size, and the fill of the leaves that growth adds from there. */
  readonly position: { readonly events: number; readonly leaves: number; readonly fill: number }
}

/** The log of one database. */
export interface LogShape {
  readonly heapPages: number
  readonly position: BtreeShape
  readonly unique: BtreeShape
  readonly bytes: number
}

/** (slice, position): two bytes, and eight that begin at a multiple of eight. */
export const positionEntry = entryBytes(16)

/** An entry of the pages above the leaves of the position key: none of its columns is cut off. */
const positionPivot = positionEntry

/** (tenant_id, user_id, idempotency_key): 16 bytes, a text with one byte before it, 16 bytes. */
export const uniqueEntry = (userIdBytes: number): number => entryBytes(16 + 1 + userIdBytes + 16)

/**
 * An entry of the pages above the leaves of the unique key.
 *
 * Between two users the key is cut off after the user. Within a user's entries it is whole, and
 * with many events a user nearly all are.
 */
const uniquePivot = (userIdBytes: number, pagesPerUser: number): number => {
  const within = pagesPerUser / (1 + pagesPerUser)
  return within * uniqueEntry(userIdBytes) + (1 - within) * entryBytes(16 + 1 + userIdBytes)
}

/**
 * The log of one database with so many events of so many users.
 *
 * - A row of the table is as long as measured.
 * - A key of the unique index comes at a random place. So its leaves have the fill that theory
 *   gives, and nothing of it is measured but the length of a user's id.
 * - The position key grows at the ends of slices. Where a page ends with a slice, PostgreSQL leaves
 *   0.9 of it full, else half. The fill rises while the log grows, so the model's index is an upper
 *   bound.
 */
export const logOf = ({ position, rowBytes, rowWaste, userIdBytes }: LogConstants, events: number, users: number): LogShape => {
  const heapPages = Math.ceil(events * rowBytes / (heapUsable - rowWaste))
  const entry = uniqueEntry(userIdBytes)
  const pivotBytes = uniquePivot(userIdBytes, leavesOf(events, { entryBytes: entry, pivotBytes: entry, fill: randomFill }) / users)
  const unique = btreeOf(leavesOf(events, { entryBytes: entry, pivotBytes, fill: randomFill }), pivotBytes)
  const added = events - position.events
  const leaves = added <= 0
    ? Math.ceil(position.leaves * events / position.events)
    : position.leaves + leavesOf(added, { entryBytes: positionEntry, pivotBytes: positionPivot, fill: position.fill })
  const positions = btreeOf(leaves, positionPivot)
  return { heapPages, position: positions, unique, bytes: heapPages * pageBytes + unique.bytes + positions.bytes }
}
