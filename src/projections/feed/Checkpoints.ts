import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { arrayOf } from "../../database/arrayOf.ts"
import { sliceMoved } from "../../event-log/EventLogError.ts"
import { allSlices } from "../../event-log/sliceOf.ts"
import { Position } from "../../values/Position.ts"
import type { Slice } from "../../values/Slice.ts"
import { fingerprint } from "../fold/fingerprint.ts"
import type { AnyProjection } from "../projection/Projection.ts"
import { versionId, type VersionRef } from "./VersionRef.ts"

/*
 * The statements on the table `checkpoints`, which has one row for each slice and version. There
 * are no others, but for one in `events verify`, which only looks. A row is three things:
 *
 * - A position. The version's rows of the slice are made of the events up to it, and of no other.
 * - A lock. The transaction that holds the row is the only one that writes the version's rows of
 *   the slice. What it finds while it holds the row stays true until it ends.
 * - An epoch. It counts the changes to those rows by anybody but the feed: an erasure, a rebuild, a
 *   change of zone. Code that reads before it holds the row compares epochs, and reads again if
 *   they differ.
 *
 * The one lock order is docs/architecture.md#lock-order, where checkpoints are step 5. A
 * transaction takes before them:
 *
 * 2. The row of an erasure.
 * 3. The advisory lock `playtally projections`.
 * 4. The rows of the projection and of its versions.
 *
 * It takes after them:
 *
 * 6. The row of a change of zone.
 * 7. Rows of versions, and of parked users.
 * 8. The advisory lock `playtally ranking`.
 * 9. The heads of slices.
 * 10. The advisory lock `playtally generations`.
 *
 * A transaction takes several checkpoints by slice, then projection, then version, as every
 * function here does. So nobody waits in a circle.
 *
 * All functions run in the caller's transaction, which is READ COMMITTED.
 */

/** How far one projection version has come in one slice. */
export interface Checkpoint {
  readonly slice: Slice
  readonly projection: string
  readonly version: number
  readonly position: Position
}

/** A checkpoint with its epoch. */
export interface EpochCheckpoint extends Checkpoint {
  readonly epoch: bigint
}

interface CheckpointRow {
  readonly slice: Slice
  readonly projection: string
  readonly version: number
  readonly position: bigint
}

const toCheckpoint = (row: CheckpointRow): Checkpoint => ({ ...row, position: Position(Number(row.position)) })

const names = (versions: ReadonlyArray<VersionRef>) => arrayOf.text(versions.map(({ name }) => name))
const numbers = (versions: ReadonlyArray<VersionRef>) => arrayOf.int4(versions.map(({ version }) => version))

/**
 * Takes the checkpoints of some slices for the feed, and leaves out those that another transaction
 * holds.
 *
 * It also leaves out a version that other code has started over: this process may not have heard of
 * that yet. The restart holds the version's checkpoints too, so the answer stays true while they
 * are held.
 */
export const take = (
  sql: PgClient.PgClient,
  projections: ReadonlyArray<AnyProjection>,
  slices: ReadonlyArray<Slice>
): Effect.Effect<ReadonlyArray<Checkpoint>, SqlError.SqlError> =>
  Effect.gen(function*() {
    const rows = yield* sql<CheckpointRow>`
      select c.slice, c.projection, c.version, c.position
      from checkpoints c
      where c.slice = any (${arrayOf.int2(slices)}::smallint[])
        and (c.projection, c.version) in (select * from unnest(${names(projections)}::text[], ${numbers(projections)}::int[]))
      order by c.slice, c.projection, c.version
      for update skip locked`
    const identities = yield* sql<{ projection: string; version: number; identity: string }>`
      select projection, version, identity from projection_versions
      where (projection, version) in (select * from unnest(${names(projections)}::text[], ${numbers(projections)}::int[]))`
    const ours = new Set(
      projections
        .filter((own) =>
          identities.some(({ identity, projection, version }) =>
            projection === own.name && version === own.version && identity === fingerprint(own)
          )
        )
        .map(versionId)
    )
    return rows.filter(({ projection, version }) => ours.has(versionId({ name: projection, version }))).map(toCheckpoint)
  })

/**
 * Holds some versions' checkpoints of some slices, and waits for the transactions that hold them.
 * A version without checkpoints, which was removed, is missing from the answer.
 */
export const hold = (
  sql: PgClient.PgClient,
  versions: ReadonlyArray<VersionRef>,
  slices: ReadonlyArray<Slice>
): Effect.Effect<ReadonlyArray<EpochCheckpoint>, SqlError.SqlError> =>
  Effect.map(
    sql<CheckpointRow & { readonly epoch: bigint }>`
      select slice, projection, version, position, epoch from checkpoints
      where slice = any (${arrayOf.int2(slices)}::smallint[])
        and (projection, version) in (select * from unnest(${names(versions)}::text[], ${numbers(versions)}::int[]))
      order by slice, projection, version
      for update`,
    (rows) => rows.map(({ epoch, ...row }) => ({ ...toCheckpoint(row), epoch }))
  )

/** One checkpoint as it is now, without holding it; undefined if the version has none. */
export const find = (
  sql: PgClient.PgClient,
  { name, version }: VersionRef,
  slice: Slice
): Effect.Effect<EpochCheckpoint | undefined, SqlError.SqlError> =>
  Effect.map(
    sql<CheckpointRow & { readonly epoch: bigint }>`
      select slice, projection, version, position, epoch from checkpoints
      where slice = ${slice} and projection = ${name} and version = ${version}`,
    ([row]) => row === undefined ? undefined : { ...toCheckpoint(row), epoch: row.epoch }
  )

/**
 * Raises the epoch of one checkpoint, which the caller holds from then on, and gives its position;
 * undefined if the version has none.
 */
export const raiseEpoch = (
  sql: PgClient.PgClient,
  { name, version }: VersionRef,
  slice: Slice
): Effect.Effect<Position | undefined, SqlError.SqlError> =>
  Effect.map(
    sql<{ position: bigint }>`
      update checkpoints set epoch = epoch + 1 where slice = ${slice} and projection = ${name} and version = ${version} returning position`,
    ([row]) => row === undefined ? undefined : Position(Number(row.position))
  )

/** Holds some versions' checkpoints of a slice, as {@link hold} does, and raises their epochs. */
export const holdAndRaise = (
  sql: PgClient.PgClient,
  versions: ReadonlyArray<VersionRef>,
  slice: Slice
): Effect.Effect<ReadonlyArray<Checkpoint>, SqlError.SqlError> =>
  Effect.tap(hold(sql, versions, [slice]), () =>
    sql`
      update checkpoints set epoch = epoch + 1
      where slice = ${slice} and (projection, version) in (select * from unnest(${names(versions)}::text[], ${numbers(versions)}::int[]))`)

/**
 * Holds the checkpoints of every version in a slice and raises their epochs, also of versions that
 * only other code knows.
 */
export const holdSliceAndRaise = (sql: PgClient.PgClient, slice: Slice): Effect.Effect<void, SqlError.SqlError> =>
  Effect.gen(function*() {
    yield* sql`select from checkpoints where slice = ${slice} order by slice, projection, version for update`
    yield* sql`update checkpoints set epoch = epoch + 1 where slice = ${slice}`
  })

/**
 * Moves checkpoints that the caller holds to where their rows have been written up to, in the
 * transaction that has written the rows.
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

/** Makes the checkpoints of a version that is new, at position 0. */
export const add = (sql: PgClient.PgClient, { name, version }: VersionRef): Effect.Effect<void, SqlError.SqlError> =>
  Effect.asVoid(sql`insert into checkpoints (slice, projection, version) select slice, ${name}, ${version} from slice_heads`)

/**
 * Sets a version's checkpoints back to position 0, for rows that start over, and raises their
 * epochs.
 */
export const setBack = (sql: PgClient.PgClient, version: VersionRef): Effect.Effect<void, SqlError.SqlError> =>
  Effect.andThen(
    hold(sql, [version], allSlices),
    sql`update checkpoints set position = 0, epoch = epoch + 1 where projection = ${version.name} and version = ${version.version}`
  )

/**
 * Removes a version's checkpoints, after the transactions that hold them have ended. Code that
 * still feeds the version finds none from then on, and leaves it alone.
 */
export const remove = (sql: PgClient.PgClient, version: VersionRef): Effect.Effect<void, SqlError.SqlError> =>
  Effect.andThen(
    hold(sql, [version], allSlices),
    sql`delete from checkpoints where projection = ${version.name} and version = ${version.version}`
  )

/**
 * A slice that some versions are behind in: the position that every version has been fed up to, and
 * how many events are left.
 */
export interface Lagging {
  readonly slice: Slice
  readonly position: Position
  readonly events: number
}

/** What is left to feed to some versions, slice by slice: only slices that are behind. */
export const behind = (
  sql: PgClient.PgClient,
  projections: ReadonlyArray<VersionRef>
): Effect.Effect<ReadonlyArray<Lagging>, SqlError.SqlError> =>
  Effect.map(
    sql<{ slice: Slice; position: bigint; events: bigint }>`
      select slice, fed.position, h.position - fed.position as events
      from (
        select slice, min(position) as position from checkpoints
        where (projection, version) in (select * from unnest(${names(projections)}::text[], ${numbers(projections)}::int[]))
        group by slice
      ) as fed
      join slice_heads h using (slice)
      where h.position > fed.position`,
    (rows) => rows.map(({ events, position, slice }) => ({ slice, position: Position(Number(position)), events: Number(events) }))
  )

/** How far something has come: `done` of `total` events of the log are folded. */
export interface EventProgress {
  readonly done: number
  readonly total: number
}

/**
 * How far some versions have come in each of some slices: every version has come as far as `done`.
 *
 * It fails with a `SqlError` of which `isMoved` says that a slice has moved, if some are just
 * leaving: a version would seem to have come to the end.
 */
export const progressOf = (
  sql: PgClient.PgClient,
  versions: ReadonlyArray<VersionRef>,
  slices: ReadonlyArray<Slice>
): Effect.Effect<ReadonlyArray<EventProgress & { readonly slice: Slice }>, SqlError.SqlError> =>
  Effect.flatMap(
    sql<{ slice: Slice; done: bigint; total: bigint; is_aside: boolean }>`
      select h.slice, min(c.position) as done, h.position as total, false as is_aside from slice_heads h join checkpoints c using (slice)
      where h.slice = any (${arrayOf.int2(slices)}::smallint[])
        and (c.projection, c.version) in (select * from unnest(${names(versions)}::text[], ${numbers(versions)}::int[]))
      group by h.slice, h.position
      union all select slice, 0, position, true from fenced_heads where slice = any (${arrayOf.int2(slices)}::smallint[])`,
    (rows) =>
      rows.some(({ is_aside }) => is_aside)
        ? sliceMoved
        : Effect.succeed(rows.map(({ done, slice, total }) => ({ slice, done: Number(done), total: Number(total) })))
  )

/**
 * SQL for (projection, version, done, total) of every version: events folded, and events there are.
 */
export const progressOfAll = (sql: PgClient.PgClient) =>
  sql`
    select c.projection, c.version, sum(c.position)::bigint as done, sum(h.position)::bigint as total
    from checkpoints c join slice_heads h using (slice)
    group by c.projection, c.version`

/** SQL for (projection, version) of those that have folded any event of some slices. */
export const withRows = (sql: PgClient.PgClient, slices: ReadonlyArray<Slice>) =>
  sql`select projection, version from checkpoints where position > 0 and slice = any (${arrayOf.int2(slices)}::smallint[])`

/**
 * SQL for (slice, position, projection, version): the checkpoints of the versions that are active.
 */
export const ofActive = (sql: PgClient.PgClient) =>
  sql`
    select c.slice, c.position, c.projection, c.version
    from checkpoints c join projections p on p.projection = c.projection and p.active_version = c.version`

/** Removes the checkpoints of slices that the database does not serve. */
export const removeUnserved = (sql: PgClient.PgClient): Effect.Effect<void, SqlError.SqlError> =>
  Effect.asVoid(sql`delete from checkpoints where slice not in (select slice from slice_heads)`)

/** The slices of a partition, both ends included. */
interface SliceRange {
  readonly first: Slice
  readonly last: Slice
}

/**
 * Takes the checkpoints of a range of slices away, in the caller's transaction, after those who
 * hold them: from then on nobody writes rows of these slices. They are kept for who serves the
 * slices next.
 */
export const setAside = (sql: PgClient.PgClient, { first, last }: SliceRange): Effect.Effect<void, SqlError.SqlError> =>
  Effect.gen(function*() {
    yield* sql`
      select from checkpoints where slice between ${first} and ${last} order by slice, projection, version for update`
    yield* sql`insert into fenced_checkpoints select * from checkpoints where slice between ${first} and ${last}`
    yield* sql`delete from checkpoints where slice between ${first} and ${last}`
  })

/** Brings the checkpoints back that were set aside, in the caller's transaction. */
export const bringBack = (sql: PgClient.PgClient): Effect.Effect<void, SqlError.SqlError> =>
  Effect.asVoid(sql`with back as (delete from fenced_checkpoints returning *) insert into checkpoints select * from back`)

/** Forgets the checkpoints that were set aside: another database serves the slices. */
export const forgetAside = (sql: PgClient.PgClient): Effect.Effect<void, SqlError.SqlError> =>
  Effect.asVoid(sql`delete from fenced_checkpoints`)
