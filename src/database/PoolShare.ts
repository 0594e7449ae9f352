import * as Context from "effect/Context"

/**
 * Among how many databases a process shares its connections, 1 by default.
 *
 * The pools of each are smaller the more there are (docs/limits.md), so the sum stays bounded.
 */
export const PoolShare = Context.Reference<number>("playtally/database/PoolShare", { defaultValue: () => 1 })

/**
 * The connections of one database's pool: its share of those of a single one, and at least some.
 */
export const shareOf = (connections: number, { databases, least }: { readonly databases: number; readonly least: number }): number =>
  databases <= 1 ? connections : Math.max(least, Math.ceil(connections / databases))
