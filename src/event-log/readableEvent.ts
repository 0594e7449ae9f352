import { largestMessage } from "../database/largestMessage.ts"

/**
 * The most bytes of a stored payload that a reader takes: 32 MiB. It is at least four times what
 * `MAX_EVENT_BYTES` allows at most, for what an older release has stored. A larger payload is never
 * fetched whole: SQL gives null in its place (`case when octet_length(payload::text) <= … then
 * payload end`). A row of the database has room for two of this size.
 */
export const readableEvent = Math.floor(largestMessage / 2 / (1024 * 1024)) * 1024 * 1024
