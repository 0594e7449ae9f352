import type { PgClient } from "@effect/sql-pg"
import type { DatabaseUrl } from "../../database/DatabaseUrl.ts"
import type { PartitionEntry } from "../PartitionMap.ts"

/** The databases of a move. */
export interface MoveSides {
  readonly home: PgClient.PgClient
  readonly source: PgClient.PgClient
  readonly target: PgClient.PgClient
  /** How the source is reached. */
  readonly from: DatabaseUrl["Service"]
  readonly log: string
  /** The partition as it is at the source. */
  readonly entry: PartitionEntry
}
