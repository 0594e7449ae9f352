import { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { lockExpiration } from "./runnerTables.ts"

/** A runner of the cluster, as the database has it. */
export interface RunnerRow {
  readonly address: string
  readonly state: "healthy" | "unhealthy" | "gone"
  /** Seconds since its last heartbeat. */
  readonly heartbeat: number
}

/** Who leads a partition. */
export interface LeadRow {
  readonly partition: number
  /** The address of its runner; null if nobody leads it. */
  readonly address: string | null
  /** Seconds since it began; null if nobody leads it. */
  readonly seconds: number | null
}

/** How the cluster is. */
export interface ClusterStatus {
  readonly runners: ReadonlyArray<RunnerRow>
  readonly leads: ReadonlyArray<LeadRow>
}

/**
 * Reads how the cluster of a log is, at its home; `partitions` are all there are.
 *
 * Undefined if there never was one.
 */
export const clusterStatus: (
  partitions: ReadonlyArray<number>
) => Effect.Effect<ClusterStatus | undefined, SqlError.SqlError, PgClient.PgClient> = Effect.fnUntraced(function*(partitions) {
  const sql = yield* PgClient.PgClient
  const [found] = yield* sql<{ found: boolean }>`
    select to_regclass('playtally_cluster_runners') is not null and to_regclass('playtally_cluster_leads') is not null as found`
  if (found?.found !== true) return undefined
  // The runners' sessions write local times, and have the zone UTC.
  const runners = yield* sql<RunnerRow>`
    select address, heartbeat, case when heartbeat > ${lockExpiration} then 'gone' when healthy then 'healthy' else 'unhealthy' end as state
    from (
      select address, healthy, extract(epoch from clock_timestamp() - last_heartbeat at time zone 'UTC')::float8 as heartbeat
      from playtally_cluster_runners
    ) as r
    order by address`
  const rows = yield* sql<{ partition: number; address: string; seconds: number }>`
    select partition, address, extract(epoch from clock_timestamp() - since)::float8 as seconds from playtally_cluster_leads
    where seen_at > now() - make_interval(secs => ${lockExpiration})`
  const leads = partitions.map((partition) =>
    rows.find((row) => row.partition === partition) ?? { partition, address: null, seconds: null }
  )
  return { runners, leads }
})
