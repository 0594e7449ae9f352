import { PgClient, PgConnection } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { randomBytes } from "node:crypto"
import { arrayOf } from "../../../src/database/arrayOf.ts"
import { Migrations } from "../../../src/database/Migrations.ts"
import { homeServer, type PartitionEntry, type PartitionMap } from "../../../src/partitions/PartitionMap.ts"
import type { ProjectionStore } from "../../../src/projections/tables/ProjectionStore.ts"
import { ProjectionCatalog } from "../../../src/projections/versions/ProjectionCatalog.ts"
import { known } from "../../../src/values/known.ts"
import { UserId } from "../../../src/values/UserId.ts"
import { Server } from "./Server.ts"
import { nextPayments, projections } from "./simulatedService.ts"
import { slices, tenant } from "./Workload.ts"

/** A server with what checks read of the projections in its database. */
export interface SimulatedServer {
  readonly server: Server
  readonly stores: ReadonlyArray<ProjectionStore>
  /** A client beside everything that is simulated. */
  readonly sql: PgClient.PgClient
  /** What the rows of a version say of a user. */
  readonly sections: (name: string, version: number, userId: string) => Promise<unknown>
}

/** The servers for one run after the other: home, two more for partitions, and a spare one. */
export interface SimulatedServers {
  readonly all: readonly [SimulatedServer, ...ReadonlyArray<SimulatedServer>]
  /** The names of the tables that have what the log and the projections say. */
  readonly owned: ReadonlyArray<string>
  /**
   * Makes them what they were: a log without events in the partitions of a layout, one tenant at
   * home, one version that waits for its rebuild.
   */
  readonly reset: (layout: PartitionMap) => Promise<void>
}

/** The server that has no partition at first. */
export const spareServer = "spare"
const serverNames = [homeServer, "b", "c", spareServer] as const

/**
 * A layout of so many partitions, of the slices that users are in. Heads of the others would take
 * most of the time.
 */
export const layoutOf = (partitions: 1 | 3): PartitionMap => {
  const ranges = partitions === 1 ? [slices] : slices.map((slice) => [slice])
  return ranges.map((own, partition): PartitionEntry => ({
    partition,
    first: known(own[0], "first slice"),
    last: known(own.at(-1), "last slice"),
    server: known(serverNames[partition], "server of a partition"),
    epoch: 1,
    state: "serving"
  }))
}

/** The log that all the databases belong to. */
export const simulatedLog = "00000000-0000-4000-8000-000000000001"

/** How many runs leave so many dead rows that they are to be cleared away. */
const runsPerVacuum = 200

/** What makes a database that of some slices, or of none. */
const serve = (own: ReadonlyArray<number>) => `
  delete from slice_heads where slice <> all ('{${own.join(",")}}');
  delete from checkpoints where slice <> all ('{${own.join(",")}}');
  insert into slice_heads (slice) select unnest('{${own.join(",")}}'::smallint[]) on conflict do nothing;
  insert into checkpoints (slice, projection, version)
    select slice, projection, version from slice_heads cross join projection_versions on conflict do nothing;
  update slice_heads set position = 0, recorded_at = 'epoch', erasure = 0 where position > 0;
  update checkpoints set position = 0, epoch = 0 where position > 0 or epoch > 0;`

/** What makes a database what the layout says. */
const layOut = (name: string, layout: PartitionMap) => {
  const own = layout.find(({ server }) => server === name)
  const rows = layout.map(({ epoch, first, last, partition, server }) => `(${partition}, ${first}, ${last}, '${server}', ${epoch})`)
  return `
    delete from partition_identity;
    delete from partition_fence;
    delete from partitions;
    ${
    own === undefined
      ? serve([])
      : `${serve(slices.filter((slice) => own.first <= slice && slice <= own.last))}
    insert into partition_identity (log, partition, epoch) values ('${simulatedLog}', ${own.partition}, ${own.epoch});`
  }
    ${
    name === homeServer
      ? `insert into partitions (partition, first_slice, last_slice, server, epoch) values ${rows.join(", ")};`
      : "delete from tenants;"
  }`
}

/** What makes a database what it was, whatever its part in the layout is. */
const clear = (owned: ReadonlyArray<string>) => `
  ${owned.map((name) => `delete from ${name};`).join("\n")}
  update projections set active_version = 1, previous_version = null where projection = '${nextPayments.name}' and active_version <> 1;
  update projection_versions set state = 'building'
    where projection = '${nextPayments.name}' and version = ${nextPayments.version} and state <> 'building';`

/**
 * Migrates a database, and gives it the tables of the projections and a tenant. The names of the
 * tables that runs write come back.
 */
const prepare = Effect.fnUntraced(function*(url: Redacted.Redacted) {
  const clients = yield* Layer.build(Migrations.layer.pipe(Layer.provideMerge(PgClient.layer({ url }))))
  const sql = Context.get(clients, PgClient.PgClient)
  yield* sql`delete from slice_heads where slice <> all (${arrayOf.int2(slices)}::smallint[])`
  yield* Layer.build(Layer.provide(ProjectionCatalog.layer(projections), Layer.succeedContext(clients)))
  yield* sql`
    insert into tenants (tenant_id, name, time_zone, week_start, key_namespace)
    values (${tenant.tenantId}::uuid, ${tenant.name}, ${tenant.timeZone}, ${tenant.weekStart}, ${tenant.keyNamespace}::uuid)`
  const tables = yield* sql<{ name: string }>`
    select quote_ident(tablename) as name from pg_tables where schemaname = current_schema() and tablename <> 'playtally_migrations'`
  // Nothing but what the schedule decides is to happen to them.
  for (const { name } of tables) yield* sql.unsafe(`alter table ${name} set (autovacuum_enabled = off)`)
  return tables.map(({ name }) => name).filter((name) =>
    /_v\d+_|^(events|rejected_events|parked_users|erased_users|unfinished_erasures|log_histories|generations|fenced_heads|fenced_checkpoints|split_rankings|split_counts)$/
      .test(name)
  )
}, Effect.scoped)

const openServer = Effect.fnUntraced(function*(name: string, url: Redacted.Redacted) {
  const clients = yield* Layer.build(
    Layer.succeed(Migrations, Migrations.of({ applied: [] })).pipe(Layer.provideMerge(PgClient.layer({ url })))
  )
  const { stores } = Context.get(
    yield* Layer.build(Layer.provide(ProjectionCatalog.layer(projections), Layer.succeedContext(clients))),
    ProjectionCatalog
  )
  const server = yield* Effect.acquireRelease(
    Effect.promise(() => Server.open(name, url)),
    (server) => Effect.promise(() => server.close())
  )
  const storeOf = (name: string, version: number) =>
    known(stores.find(({ projection }) => projection.name === name && projection.version === version), "store of a version")
  return {
    server,
    stores,
    sql: Context.get(clients, PgClient.PgClient),
    sections: async (name: string, version: number, userId: string) => {
      const store = storeOf(name, version)
      const rows = await Effect.runPromise(store.read(tenant.tenantId, [UserId(userId)]))
      return store.projection.section.present(rows.get(userId) ?? [], { timeZone: tenant.timeZone, now: 0 })
    },
    remakeViews: () => Effect.runPromise(storeOf(nextPayments.name, 1).createViews)
  }
})

/**
 * Migrated databases with the projections of the simulation on that PostgreSQL server, dropped when
 * the scope closes. Each stands for a server of its own.
 */
export const simulatedServers = Effect.fnUntraced(function*(serverUrl: string) {
  const prefix = `simulation_${randomBytes(8).toString("hex")}`
  const databaseOf = (name: string) => `${prefix}_${name}`
  const urlOf = (name: string) => Redacted.make(Object.assign(new URL(serverUrl), { pathname: `/${databaseOf(name)}` }).href)
  const administer = (statement: string) =>
    Effect.scoped(
      Effect.flatMap(PgConnection.make({ url: Redacted.make(serverUrl) }), (connection) => connection.query(statement, [], false))
    )
  const create = (name: string, from: string) =>
    Effect.acquireRelease(
      administer(`create database ${databaseOf(name)}${from}`),
      () => Effect.orDie(administer(`drop database if exists ${databaseOf(name)} with (force)`))
    )
  const [first, ...copies] = serverNames
  yield* create(first, "")
  const owned = yield* prepare(urlOf(first))
  for (const name of copies) yield* create(name, ` template ${databaseOf(first)}`)
  const opened = yield* Effect.forEach(serverNames, (name) => openServer(name, urlOf(name)))
  let runs = 0
  return {
    all: [known(opened[0], "server"), ...opened.slice(1)],
    owned,
    reset: async (layout) => {
      const isTime = runs++ % runsPerVacuum === 0
      await Promise.all(opened.map(async ({ remakeViews, server }) => {
        const [active] = await server.ask<{ version: number }>(
          `select active_version as version from projections where projection = '${nextPayments.name}'`
        )
        await server.ask(`do $$ begin
          set local session_replication_role = replica;
          ${clear(owned)}
          ${layOut(server.name, layout)}
        end $$`)
        if (active?.version !== 1) await remakeViews()
        if (!isTime) return
        for (const name of [...owned, "slice_heads", "checkpoints"]) await server.ask(`vacuum analyze ${name}`)
      }))
    }
  } satisfies SimulatedServers
})
