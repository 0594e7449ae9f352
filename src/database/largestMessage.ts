import { largestEvent } from "../platform/Settings.ts"

const MiB = 1024 * 1024

/**
 * The most bytes that one message of the database may have, and so one row.
 *
 * The driver closes a connection on which a larger message comes. The limit is twice what a reader
 * takes of one event, plus 1 MiB for the other columns. A reader takes at least four times the
 * largest `MAX_EVENT_BYTES`.
 */
export const largestMessage = 2 * Math.max(32 * MiB, 4 * largestEvent) + MiB
