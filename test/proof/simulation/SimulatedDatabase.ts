import { PgClient, PgConnection } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { randomBytes } from "node:crypto"
import { arrayOf } from "../../../src/database/arrayOf.ts"
import { Migrations } from "../../../src/database/Migrations.ts"
import type { ProjectionStore } from "../../../src/projections/tables/ProjectionStore.ts"
import { ProjectionCatalog } from "../../../src/projections/versions/ProjectionCatalog.ts"
import { UserId } from "../../../src/values/UserId.ts"
import { Server } from "./Server.ts"
import { nextPayments, projections } from "./simulatedService.ts"
import { slices, tenant } from "./Workload.ts"

/** A database for one run after the other. */
export interface SimulatedDatabase {
  readonly server: Server
  readonly stores: ReadonlyArray<ProjectionStore>
  /** What the rows of a version say of a user. */
  readonly sections: (name: string, version: number, userId: string) => Promise<unknown>
  /** Makes it what it was: one tenant, an empty log, one version that waits for its rebuild. */
  readonly reset: () => Promise<void>
}

/** How many runs leave so many dead rows that they are to be cleared away. */
const runsPerVacuum = 200

/**
 * A migrated database with the projections of the simulation on that server, dropped when the scope
 * closes.
 */
export const simulatedDatabase = Effect.fnUntraced(function*(serverUrl: string) {
  const name = `simulation_${randomBytes(8).toString("hex")}`
  const administer = (statement: string) =>
    Effect.scoped(
      Effect.flatMap(PgConnection.make({ url: Redacted.make(serverUrl) }), (connection) => connection.query(statement, [], false))
    )
  yield* Effect.acquireRelease(
    administer(`create database ${name}`),
    () => Effect.orDie(administer(`drop database if exists ${name} with (force)`))
  )
  const url = Redacted.make(Object.assign(new URL(serverUrl), { pathname: `/${name}` }).href)
  const clients = yield* Layer.build(Migrations.layer.pipe(Layer.provideMerge(PgClient.layer({ url }))))
  const sql = Context.get(clients, PgClient.PgClient)
  // Those that no user is in would take most of the time.
  yield* sql`delete from slice_heads where slice <> all (${arrayOf.int2(slices)}::smallint[])`
  const { stores } = Context.get(
    yield* Layer.build(Layer.provide(ProjectionCatalog.layer(projections), Layer.succeedContext(clients))),
    ProjectionCatalog
  )
  yield* sql`
    insert into tenants (tenant_id, name, time_zone, week_start, key_namespace)
    values (${tenant.tenantId}::uuid, ${tenant.name}, ${tenant.timeZone}, ${tenant.weekStart}, ${tenant.keyNamespace}::uuid)`
  const tables = yield* sql<{ name: string }>`
    select quote_ident(tablename) as name from pg_tables where schemaname = current_schema() and tablename <> 'playtally_migrations'`
  // Nothing but what the schedule decides is to happen to them.
  for (const { name } of tables) yield* sql.unsafe(`alter table ${name} set (autovacuum_enabled = off)`)
  const owned = tables.map(({ name }) => name).filter((name) =>
    /_v\d+_|^(events|rejected_events|parked_users|erased_users|unfinished_erasures|log_histories|generations)$/.test(name)
  )
  const reset = `
    do $$
    begin
      set local session_replication_role = replica;
      ${owned.map((name) => `delete from ${name};`).join("\n")}
      update slice_heads set position = 0, recorded_at = 'epoch', erasure = 0 where position > 0;
      update checkpoints set position = 0, epoch = 0 where position > 0 or epoch > 0;
      update projections set active_version = 1, previous_version = null where active_version <> 1;
      update projection_versions set state = 'building'
        where projection = '${nextPayments.name}' and version = ${nextPayments.version} and state <> 'building';
    end $$`
  const server = yield* Effect.acquireRelease(Effect.promise(() => Server.open(url)), (server) => Effect.promise(() => server.close()))
  let runs = 0
  return {
    server,
    stores,
    sections: async (name, version, userId) => {
      const store = stores.find(({ projection }) => projection.name === name && projection.version === version)
      if (store === undefined) throw new Error("unreachable: it is in the catalog")
      const rows = await Effect.runPromise(store.read(tenant.tenantId, [UserId(userId)]))
      return store.projection.section.present(rows.get(userId) ?? [], { timeZone: tenant.timeZone, now: 0 })
    },
    reset: async () => {
      const [active] = await server.ask<{ version: number }>(
        `select active_version as version from projections where projection = '${nextPayments.name}'`
      )
      await server.ask(reset)
      const first = stores.find(({ projection }) => projection.name === nextPayments.name && projection.version === 1)
      if (active?.version !== 1 && first !== undefined) await Effect.runPromise(first.createViews)
      if (runs++ % runsPerVacuum === 0) {
        for (const name of [...owned, "slice_heads", "checkpoints"]) await server.ask(`vacuum analyze ${name}`)
      }
    }
  } satisfies SimulatedDatabase
})
