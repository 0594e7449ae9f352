import { largestEvent } from "../platform/Settings.ts"

const MiB = 1024 * 1024

/**
 * The most bytes that one message of the database, and so one row, may have. The driver closes a
 * connection on which a larger one comes. It is twice what a reader takes of one event, which is at
 * least four times the largest `MAX_EVENT_BYTES`, and 1 MiB for the other columns.
 */
export const largestMessage = 2 * Math.max(32 * MiB, 4 * largestEvent) + MiB
