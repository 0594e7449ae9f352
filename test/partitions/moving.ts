import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { Counters } from "../../src/counters/Counters.ts"
import type { Migrations } from "../../src/database/Migrations.ts"
import { EventLog } from "../../src/event-log/EventLog.ts"
import { MoveNotice } from "../../src/partitions/moves/copySlices.ts"
import { FencePatience } from "../../src/partitions/moves/crossFence.ts"
import { CutStep } from "../../src/partitions/moves/cutHalf.ts"
import { PartitionMoves } from "../../src/partitions/PartitionMoves.ts"
import { Partitions } from "../../src/partitions/Partitions.ts"
import type { PartitionServers } from "../../src/partitions/PartitionServers.ts"
import { casino } from "../../src/projections/catalog/casino.ts"
import { UserId } from "../../src/values/UserId.ts"
import { partitionSettings, TestDatabase } from "../support/database/TestDatabase.ts"
import { testApplication } from "../support/database/TestSql.ts"
import { bet } from "../support/events/events.ts"
import { newEvent } from "../support/events/newEvent.ts"
import { newTenant } from "../support/service/newTenant.ts"
import { strong } from "../support/service/strong.ts"
import { testService } from "../support/service/TestService.ts"
import { untilEffect } from "../support/time/until.ts"

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

/** A service on a log in one database, with some bets in it, and a server `s1` to move to. */
export const logWithServer = Effect.gen(function*() {
  const { DATABASE_SERVERS = "" } = yield* partitionSettings(2)
  const database = yield* TestDatabase.makeOfOne("the log that moves is in one database")
  const service = yield* Layer.build(Layer.fresh(testService({ projections: [casino], settings: { DATABASE_SERVERS } }))).pipe(
    Effect.provideService(TestDatabase, database)
  )
  const inService = Effect.provide(service)
  const tenant = yield* inService(newTenant())
  const bets = Array.from(
    { length: 40 },
    (_, nth) => newEvent(tenant, bet({ user_id: `player-${nth % 20}`, unique_id: `${nth}`, amount: 2 }))
  )
  const log = Context.get(service, EventLog)
  yield* log.append(bets)
  const users = Array.from({ length: 20 }, (_, nth) => UserId(`player-${nth}`))
  const target = yield* clientOf(DATABASE_SERVERS.slice("s1=".length))
  return {
    service,
    inService,
    tenant,
    bets,
    home: Context.get(service, PgClient.PgClient),
    target,
    /** Sends the bets again, and a new one; what became of them. */
    appendAgain: (nth: number) =>
      Effect.map(
        log.append([...bets, newEvent(tenant, bet({ user_id: "player-1", unique_id: `again-${nth}`, amount: 2 }))]),
        (outcomes) => outcomes.map(({ _tag }) => _tag)
      ),
    betCounts: Effect.map(
      Context.get(service, Counters).read(tenant, users, { sections: ["casino"], consistency: strong }),
      (documents) => documents.map((document) => JSON.stringify(document["casino"])).sort()
    ),
    /** Waits until the service uses the partition where it is now. */
    servedBy: (server: string) =>
      untilEffect(
        Effect.sync(() =>
          Context.get(service, Partitions).opened().every(({ entry, services }) => entry.server === server && services !== undefined)
        )
      )
  }
})

export const whole = (target: string) => ({ partition: 0, target, isSplit: false })
