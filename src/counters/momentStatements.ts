import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import { arrayOf } from "../database/arrayOf.ts"
import { sliceOf } from "../event-log/sliceOf.ts"
import * as Checkpoints from "../projections/feed/Checkpoints.ts"
import { type Generation, generationsOf } from "../projections/feed/generations.ts"
import type { ProjectionCatalog } from "../projections/versions/ProjectionCatalog.ts"
import type { Tenant } from "../tenants/Tenant.ts"
import { Position } from "../values/Position.ts"
import type { Slice } from "../values/Slice.ts"
import type { UserId } from "../values/UserId.ts"

/** The positions of the last events of some slices. */
export const headsOf = (sql: PgClient.PgClient, slices: ReadonlyArray<Slice>) =>
  Effect.map(
    sql<{ slice: Slice; position: bigint }>`
      select slice, position from slice_heads where slice = any (${arrayOf.int2(slices)}::smallint[])`,
    (rows) => new Map(rows.map(({ position, slice }) => [slice, Position(Number(position))]))
  )

/**
 * The active versions of some projections, and for each slice the position up to which all have
 * been fed.
 *
 * Versions that fail do not count.
 */
export const checkpointsOf = (
  sql: PgClient.PgClient,
  catalog: ProjectionCatalog["Service"],
  { projections, slices }: { readonly slices: ReadonlyArray<Slice>; readonly projections: ReadonlyArray<string> }
) =>
  Effect.map(
    sql<{ slice: Slice; position: bigint; projection: string; version: number }>`
      select c.slice, c.position, c.projection, c.version
      from (${Checkpoints.ofActive(sql)}) as c
      where c.slice = any (${arrayOf.int2(slices)}::smallint[]) and c.projection = any (${arrayOf.text(projections)}::text[])`,
    (checkpoints) => {
      const positions = new Map<Slice, Position>()
      const versions = new Map<string, number>()
      for (const { projection, version } of checkpoints) versions.set(projection, version)
      const failing = new Set(projections.filter((name) => isFailing(catalog, name, versions.get(name))))
      for (const { position, projection, slice } of checkpoints) {
        if (failing.has(projection)) continue
        positions.set(slice, Position(Math.min(Number(position), positions.get(slice) ?? Infinity)))
      }
      const active = projections.flatMap((name) =>
        catalog.stores.filter(({ projection }) => projection.name === name && projection.version === versions.get(name))
      )
      const unbuilt = projections.filter((name) => !versions.has(name) && !failing.has(name))
      return { active, failing: [...failing], positions, unbuilt }
    }
  )

/**
 * Whether this process's code cannot run the active version of a projection.
 *
 * Without an active version, whether it can run none of the versions there are.
 */
const isFailing = ({ failing, stores }: ProjectionCatalog["Service"], name: string, active: number | undefined): boolean =>
  failing.some(({ projection, version }) => projection === name && (active ?? version) === version) &&
  (active !== undefined || stores.every(({ projection }) => projection.name !== name))

/** The users who have events, with the zone and the weeks of their rows (see `foldContexts`). */
export const withEvents = (sql: PgClient.PgClient, tenant: Tenant, userIds: ReadonlyArray<UserId>) =>
  Effect.map(
    sql<{ user_id: UserId; time_zone: string; week_start: number }>`
      select u.user_id, case when u.user_id collate "C" > m.moved_up_to then m.time_zone else t.time_zone end as time_zone,
        case when u.user_id collate "C" > m.moved_up_to then coalesce(m.week_start, t.week_start) else t.week_start end as week_start
      from unnest(${arrayOf.text(userIds)}::text[], ${arrayOf.int2(userIds.map((userId) => sliceOf(tenant.tenantId, userId)))}::smallint[])
        as u (user_id, slice)
      join tenants t on t.tenant_id = ${tenant.tenantId}::uuid
      left join time_zone_moves m on m.tenant_id = t.tenant_id and m.slice = u.slice
      where (t.tenant_id, u.user_id) not in (select tenant_id, user_id from unfinished_erasures)
        and exists (select from events e where e.tenant_id = ${tenant.tenantId}::uuid and e.user_id = u.user_id)`,
    (rows) => new Map(rows.map((row) => [row.user_id, { timeZone: row.time_zone, weekStart: row.week_start }]))
  )

/**
 * The projections in which the users are parked, and the generations of their rows.
 *
 * Without users, those of all users of the tenant.
 */
export const notesOf = (
  sql: PgClient.PgClient,
  tenant: Tenant,
  { projections, userIds }: { readonly userIds: ReadonlyArray<UserId> | undefined; readonly projections: ReadonlyArray<string> }
) =>
  Effect.map(
    sql<{ generation: bigint | null; projection: string | null; slice: Slice | null; user_id: UserId | null }>`
      select null::bigint as generation, projection, null::smallint as slice, user_id
      from parked_users join projections using (projection)
      where version = active_version and projection = any (${arrayOf.text(projections)}::text[])
        and tenant_id = ${tenant.tenantId}::uuid and (${userIds === undefined} or user_id = any (${arrayOf.text(userIds ?? [])}::text[]))
      union all ${generationsOf(sql, tenant.tenantId, userIds)}`,
    (rows) => {
      const parked = new Map<string, Array<string>>()
      const generations: Array<Generation> = []
      for (const { generation, projection, slice, user_id } of rows) {
        if (generation !== null) generations.push({ generation: Number(generation), projection, slice, userId: user_id })
        else if (user_id !== null && projection !== null) parked.set(user_id, [...parked.get(user_id) ?? [], projection])
      }
      return { generations, parked: parked as ReadonlyMap<string, ReadonlyArray<string>> }
    }
  )
