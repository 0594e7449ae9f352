import type { PgClient } from "@effect/sql-pg"
import type * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { lockExpiration } from "./runnerTables.ts"

/*
 * The table `playtally_cluster_leads` at home: which runner leads which partition, for those who
 * look. Nothing decides by it: the locks of the runners do.
 */

/** Makes the table, unless it is there. */
export const makeLeadTable = (sql: PgClient.PgClient): Effect.Effect<unknown, SqlError.SqlError> =>
  sql`
    create table if not exists playtally_cluster_leads (
      partition integer primary key,
      address text not null,
      since timestamptz not null,
      seen_at timestamptz not null
    )`

interface Lead {
  readonly partition: number
  readonly address: string
}

/** Notes that a runner leads a partition now. */
export const noteLead = (sql: PgClient.PgClient, { address, partition }: Lead): Effect.Effect<unknown, SqlError.SqlError> =>
  sql`
    insert into playtally_cluster_leads as l (partition, address, since, seen_at) values (${partition}, ${address}, now(), now())
    on conflict (partition) do update set
      address = excluded.address,
      since = case
        when l.address = excluded.address and l.seen_at > now() - make_interval(secs => ${lockExpiration}) then l.since
        else now()
      end,
      seen_at = now()`

/** Notes that a runner no longer leads a partition. */
export const endLead = (sql: PgClient.PgClient, { address, partition }: Lead): Effect.Effect<unknown, SqlError.SqlError> =>
  sql`delete from playtally_cluster_leads where partition = ${partition} and address = ${address}`
