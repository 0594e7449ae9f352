import { PgClient } from "@effect/sql-pg"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { SqlClient } from "effect/sql"
import { arrayOf } from "../database/arrayOf.ts"
import { type DatabaseUnavailable, unavailable } from "../database/DatabaseUnavailable.ts"
import { sliceOf } from "../event-log/sliceOf.ts"
import { ProjectionCatalog } from "../projections/ProjectionCatalog.ts"
import { ProjectionRunner } from "../projections/ProjectionRunner.ts"
import type { ProjectionStore } from "../projections/ProjectionStore.ts"
import type { Tenant } from "../tenants/Tenant.ts"

/** The projections did not reach the log's heads of the moment of the request in the time given. Asking again later is safe. */
export class ProjectionBehind extends Schema.TaggedError<ProjectionBehind>("playtally/counters/ProjectionBehind")("ProjectionBehind", {
  waited: Schema.Int.annotate({ description: "Seconds" })
}) {}

/** A user asked for strongly is parked in some projections: a fold failed on one of the user's events. */
export class ProjectionParked extends Schema.TaggedError<ProjectionParked>("playtally/counters/ProjectionParked")("ProjectionParked", {
  userId: Schema.String,
  projections: Schema.Array(Schema.String)
}) {}

/** What a reading promises: whatever the projections have reached, or all that was in the log when it was asked for (design §3). */
export type Consistency = { readonly _tag: "Eventual" } | { readonly _tag: "Strong"; readonly waitSeconds: number }

/** A user's counters (design §4): the sections asked for under their names. `position` is the position of the user's slice they reflect. */
export type CountersDocument =
  & { readonly user_id: string; readonly time_zone: string; readonly position: number; readonly stale?: ReadonlyArray<string> }
  & { readonly [section: string]: unknown }

interface Options {
  readonly sections: ReadonlyArray<string>
  readonly consistency: Consistency
}

/** What the engine reads. */
export class Counters extends Context.Service<Counters, {
  /** The sections a document can have, in their order: the names of the projections. */
  readonly sections: ReadonlyArray<string>
  /**
   * The documents of those of the users who have events, in the order asked, a user named twice once. One transaction reads the active versions, the
   * checkpoints and the rows, so that a document is never torn. A strong reading waits until all that was in the log on arrival has been folded.
   */
  readonly read: (
    tenant: Tenant,
    userIds: ReadonlyArray<string>,
    options: Options
  ) => Effect.Effect<ReadonlyArray<CountersDocument>, ProjectionBehind | ProjectionParked | DatabaseUnavailable>
}>()("playtally/counters/Counters") {
  static readonly layer = Layer.effect(
    Counters,
    Effect.gen(function*() {
      const sql = yield* PgClient.PgClient
      const { stores } = yield* ProjectionCatalog
      const runner = yield* ProjectionRunner
      const sections = [...new Set(stores.map(({ projection }) => projection.name))]

      const read = Effect.fn("Counters.read")(function*(tenant: Tenant, userIds: ReadonlyArray<string>, options: Options) {
        const users = [...new Set(userIds)]
        const slices = [...new Set(users.map((userId) => sliceOf(tenant.tenantId, userId)))]
        const { consistency } = options
        const readOnce = snapshot(sql, stores, tenant, users, slices, options.sections).pipe(unavailable("Counters.read"))
        if (consistency._tag === "Eventual") return (yield* readOnce).documents

        const heads = yield* headsOf(sql, slices).pipe(unavailable("Counters.read"))
        const reached = Effect.gen(function*() {
          for (;;) {
            // Taken before looking, so that no chunk that ends in between is missed.
            const nextChunk = runner.nextChunk()
            const { documents, positions } = yield* readOnce
            const behind = slices.filter((slice) => (positions.get(slice) ?? 0) < (heads.get(slice) ?? 0))
            if (behind.length === 0) return documents
            runner.hurry(behind)
            // Another process may be feeding these slices, so this one looks again even if it hears nothing.
            yield* Effect.timeoutOption(nextChunk, "50 millis")
          }
        })
        const documents = yield* Effect.timeoutOrElse(reached, {
          duration: `${consistency.waitSeconds} seconds`,
          orElse: () => Effect.fail(new ProjectionBehind({ waited: consistency.waitSeconds }))
        })
        for (const { stale, user_id } of documents) {
          if (stale !== undefined) return yield* new ProjectionParked({ userId: user_id, projections: stale })
        }
        return documents
      })
      return Counters.of({ sections, read })
    })
  )
}

const headsOf = (sql: PgClient.PgClient, slices: ReadonlyArray<number>) =>
  Effect.map(
    sql<{ slice: number; position: bigint }>`
      select slice, position from slice_heads where slice = any (${arrayOf.int2(slices)}::smallint[])`,
    (rows) => new Map(rows.map(({ position, slice }) => [slice, Number(position)]))
  )

/** One moment of the database: the documents, and the position up to which every section has been fed in each slice. */
const snapshot = (
  sql: PgClient.PgClient,
  stores: ReadonlyArray<ProjectionStore>,
  tenant: Tenant,
  userIds: ReadonlyArray<string>,
  slices: ReadonlyArray<number>,
  sections: ReadonlyArray<string>
) =>
  Effect.gen(function*() {
    const names = arrayOf.text(sections)
    const checkpoints = yield* sql<{ slice: number; position: bigint; projection: string; version: number }>`
      select c.slice, c.position, c.projection, c.version
      from checkpoints c join projections p on p.projection = c.projection and p.active_version = c.version
      where c.slice = any (${arrayOf.int2(slices)}::smallint[]) and p.projection = any (${names}::text[])`
    const existing = yield* sql<{ user_id: string }>`
      select u.user_id from unnest(${arrayOf.text(userIds)}::text[]) as u (user_id)
      where exists (select from events e where e.tenant_id = ${tenant.tenantId}::uuid and e.user_id = u.user_id)`
    const parked = yield* sql<{ user_id: string; projection: string }>`
      select user_id, projection from parked_users join projections using (projection)
      where version = active_version and projection = any (${names}::text[])
        and tenant_id = ${tenant.tenantId}::uuid and user_id = any (${arrayOf.text(userIds)}::text[])`

    const positions = new Map<number, number>()
    const versions = new Map<string, number>()
    for (const { position, projection, slice, version } of checkpoints) {
      positions.set(slice, Math.min(Number(position), positions.get(slice) ?? Infinity))
      versions.set(projection, version)
    }
    const known = new Set(existing.map(({ user_id }) => user_id))
    const users = userIds.filter((userId) => known.has(userId))
    const active = sections.flatMap((section) =>
      stores.filter(({ projection }) => projection.name === section && projection.version === versions.get(section))
    )
    const rows = users.length === 0 ? [] : yield* Effect.forEach(active, (store) => store.read(tenant.tenantId, users))

    const context = { timeZone: tenant.timeZone, now: yield* Clock.currentTimeMillis }
    const documents = users.map((userId): CountersDocument => {
      const stale = parked.filter(({ user_id }) => user_id === userId).map(({ projection }) => projection)
      return {
        user_id: userId,
        time_zone: tenant.timeZone,
        position: positions.get(sliceOf(tenant.tenantId, userId)) ?? 0,
        ...Object.fromEntries(active.map(({ projection }, at) => [
          projection.name,
          projection.section.present(rows[at]?.get(userId) ?? [], context)
        ])),
        ...stale.length > 0 ? { stale } : {}
      }
    })
    return { documents, positions }
  }).pipe(sql.withTransaction, Effect.provideService(SqlClient.BeginTransaction, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"))
