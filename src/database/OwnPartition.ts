import * as Context from "effect/Context"

/**
 * The number of the partition whose database the clients lead to; 0 for a log in one database.
 *
 * It names the partition to others, such as another process. Nothing decides by it.
 */
export const OwnPartition = Context.Reference<number>("playtally/database/OwnPartition", { defaultValue: () => 0 })
