import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type { Migrations } from "../../src/database/Migrations.ts"
import { CutStep } from "../../src/partitions/moves/cutHalf.ts"
import { FencePatience, MoveNotice, PartitionMoves } from "../../src/partitions/PartitionMoves.ts"
import type { PartitionServers } from "../../src/partitions/PartitionServers.ts"
import { testApplication } from "../support/database/TestSql.ts"

/** A client of one database, as long as the scope is open. */
export const clientOf = (url: string) =>
  Effect.map(
    Layer.build(Layer.fresh(PgClient.layer({ url: Redacted.make(url), applicationName: testApplication }))),
    (context) => Context.get(context, PgClient.PgClient)
  )

/** The moves of a service's log, without the notice that other processes need. */
export const moves = (
  log: { readonly service: Context.Context<PgClient.PgClient | Migrations | PartitionServers> },
  patience = { milliseconds: 1500, most: 10 },
  cutStep = { users: 500, rows: 5000 }
) =>
  Layer.build(
    Layer.fresh(PartitionMoves.layer).pipe(
      Layer.provide(Layer.succeed(MoveNotice, 0)),
      Layer.provide(Layer.succeed(FencePatience, patience)),
      Layer.provide(Layer.succeed(CutStep, cutStep)),
      Layer.provide(Layer.succeedContext(log.service))
    )
  ).pipe(Effect.map((context) => Context.get(context, PartitionMoves)))

export const quiet = () => {}

/** What PostgreSQL has of moves, besides rows: nothing, if none is under way. */
export const objectsOfMoves = (sql: PgClient.PgClient) =>
  sql`
    select pubname as name from pg_publication
    union all select slot_name from pg_replication_slots where database = current_database()
    union all select s.subname from pg_subscription s join pg_database d on d.oid = s.subdbid where d.datname = current_database()
    union all select 'fence' from partition_fence`
