import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { arrayOf } from "../../database/arrayOf.ts"
import { fingerprint } from "../fold/fingerprint.ts"
import type { AnyProjection } from "../projection/Projection.ts"

/** How far one projection version has come in one slice. */
export interface Checkpoint {
  readonly slice: number
  readonly projection: string
  readonly version: number
  readonly position: number
}

interface CheckpointRow {
  readonly slice: number
  readonly projection: string
  readonly version: number
  readonly position: bigint
}

const toCheckpoint = (row: CheckpointRow): Checkpoint => ({ ...row, position: Number(row.position) })

const names = (projections: ReadonlyArray<AnyProjection>) => arrayOf.text(projections.map(({ name }) => name))
const versions = (projections: ReadonlyArray<AnyProjection>) => arrayOf.int4(projections.map(({ version }) => version))

/**
 * Takes the checkpoints of some slices until the transaction ends, leaving out those that somebody
 * else holds: whoever holds a row is the only one to write that version's rows of that slice. In
 * fixed order, so that nobody waits in a circle.
 *
 * Versions that are made anew by code that does something else are left out: a process may not have
 * heard of it yet. Whoever starts a version over takes its checkpoints too, so what is found while
 * they are held stays true.
 */
export const take = (
  sql: PgClient.PgClient,
  projections: ReadonlyArray<AnyProjection>,
  slices: ReadonlyArray<number>
): Effect.Effect<ReadonlyArray<Checkpoint>, SqlError.SqlError> =>
  Effect.gen(function*() {
    const rows = yield* sql<CheckpointRow>`
      select c.slice, c.projection, c.version, c.position
      from checkpoints c
      where c.slice = any (${arrayOf.int2(slices)}::smallint[])
        and (c.projection, c.version) in (select * from unnest(${names(projections)}::text[], ${versions(projections)}::int[]))
      order by c.slice, c.projection, c.version
      for update skip locked`
    const identities = yield* sql<{ projection: string; version: number; identity: string }>`
      select projection, version, identity from projection_versions
      where (projection, version) in (select * from unnest(${names(projections)}::text[], ${versions(projections)}::int[]))`
    const ours = new Set(
      projections
        .filter((own) =>
          identities.some(({ identity, projection, version }) =>
            projection === own.name && version === own.version && identity === fingerprint(own)
          )
        )
        .map(({ name, version }) => `${name}/${version}`)
    )
    return rows.filter(({ projection, version }) => ours.has(`${projection}/${version}`)).map(toCheckpoint)
  })

/**
 * Moves checkpoints to where their rows have been written up to; in the same transaction as the
 * rows.
 */
export const advance = (sql: PgClient.PgClient, checkpoints: ReadonlyArray<Checkpoint>): Effect.Effect<void, SqlError.SqlError> =>
  Effect.asVoid(sql`
    update checkpoints as c set position = moved.position
    from unnest(
      ${arrayOf.int2(checkpoints.map(({ slice }) => slice))}::smallint[],
      ${arrayOf.text(checkpoints.map(({ projection }) => projection))}::text[],
      ${arrayOf.int4(checkpoints.map(({ version }) => version))}::int[],
      ${arrayOf.int8(checkpoints.map(({ position }) => position))}::bigint[]
    ) as moved (slice, projection, version, position)
    where c.slice = moved.slice and c.projection = moved.projection and c.version = moved.version`)

/**
 * A slice that some versions are behind in: the position that all of them have been fed up to, and
 * how many events are left.
 */
export interface Lagging {
  readonly slice: number
  readonly position: number
  readonly events: number
}

/** What is left to feed to some versions, slice by slice: only slices that are behind. */
export const behind = (
  sql: PgClient.PgClient,
  projections: ReadonlyArray<AnyProjection>
): Effect.Effect<ReadonlyArray<Lagging>, SqlError.SqlError> =>
  Effect.map(
    sql<{ slice: number; position: bigint; events: bigint }>`
      select slice, fed.position, h.position - fed.position as events
      from (
        select slice, min(position) as position from checkpoints
        where (projection, version) in (select * from unnest(${names(projections)}::text[], ${versions(projections)}::int[]))
        group by slice
      ) as fed
      join slice_heads h using (slice)
      where h.position > fed.position`,
    (rows) => rows.map(({ events, position, slice }) => ({ slice, position: Number(position), events: Number(events) }))
  )

/** The age of the oldest event that is left, in seconds; 0 if none is. */
export const ageOfOldest = (sql: PgClient.PgClient, lagging: ReadonlyArray<Lagging>): Effect.Effect<number, SqlError.SqlError> =>
  Effect.map(
    sql<{ seconds: number }>`
      select coalesce(max(extract(epoch from clock_timestamp() - e.recorded_at)), 0)::float8 as seconds
      from unnest(
        ${arrayOf.int2(lagging.map(({ slice }) => slice))}::smallint[],
        ${arrayOf.int8(lagging.map(({ position }) => position))}::bigint[]
      ) as l (slice, position)
      join events e on e.slice = l.slice and e.position = l.position + 1`,
    ([row]) => row?.seconds ?? 0
  )
