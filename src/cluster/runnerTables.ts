/** The tables of this room begin with it. `effect/cluster` makes those of the runners. */
export const tablePrefix = "playtally_cluster"

/** Seconds after which a runner without a heartbeat has gone, and its locks with it. */
export const lockExpiration = 6

/** Seconds from one heartbeat to the next. */
export const heartbeat = 2
