import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { randomBytes } from "node:crypto"
import { arrayOf } from "../../database/arrayOf.ts"
import { raiseSynchronousCommit } from "../../database/synchronousCommit.ts"
import { Position } from "../../values/Position.ts"
import type { Slice } from "../../values/Slice.ts"
import { type Incarnation, incarnationColumns, isSame, partsOf } from "../incarnation.ts"
import { type Lineage, lineageLength, noHistory } from "../Lineage.ts"
import { allSlices } from "../sliceOf.ts"

/** The newest history. */
export interface NewestHistory {
  readonly lineage: Lineage
  /** The server that it is written on. */
  readonly incarnation: Incarnation
  /** The position of each slice when it began. */
  readonly heads: ReadonlyArray<Position>
  /** When the last event before it was recorded, in epoch milliseconds; 0 if there was none. */
  readonly lastRecordedAt: number
}

interface HistoryRow extends Incarnation {
  readonly history: bigint
  readonly tag: bigint
  /** Of the newest only. */
  readonly heads: ReadonlyArray<bigint> | null
  readonly last_recorded_at: Date
}

/** The newest history in one snapshot; nothing before the first one. */
export const readNewest = (sql: PgClient.PgClient): Effect.Effect<NewestHistory | undefined, SqlError.SqlError> =>
  Effect.map(
    sql<HistoryRow>`
      select history, tag, timeline, server_started, storage, last_recorded_at,
        case when row_number() over (order by history desc) = 1 then heads end as heads
      from log_histories order by history desc limit ${lineageLength}::int`,
    (rows) => {
      const [newest] = rows
      if (newest === undefined) return undefined
      const { heads, history, last_recorded_at, server_started, storage, timeline } = newest
      if (heads === null) throw new Error("a history has no heads")
      return {
        lineage: { history: Number(history), tags: rows.map(({ tag }) => tag) },
        incarnation: { timeline, server_started, storage },
        heads: heads.map((head) => Position(Number(head))),
        lastRecordedAt: last_recorded_at.getTime()
      }
    }
  )

/** The lineage of the newest history in one snapshot. */
export const readLineage = (sql: PgClient.PgClient): Effect.Effect<Lineage, SqlError.SqlError> =>
  Effect.map(
    sql<{ history: bigint; tag: bigint }>`
      select history, tag from log_histories order by history desc limit ${lineageLength}::int`,
    (rows) => rows[0] === undefined ? noHistory : { history: Number(rows[0].history), tags: rows.map(({ tag }) => tag) }
  )

/**
 * Begins a history of the server that runs, unless another process has begun it: under the locks of
 * all heads, taken in slice order as appends take them, so that no event gets a position meanwhile.
 * Asks for the incarnation in the same transaction, for it is the server of this connection that
 * counts.
 */
export const beginHistory = (sql: PgClient.PgClient, like: Incarnation): Effect.Effect<NewestHistory, SqlError.SqlError> =>
  sql.withTransaction(Effect.gen(function*() {
    yield* sql`select ${raiseSynchronousCommit(sql)}`
    const slices = yield* sql<{ slice: Slice; position: bigint; recorded_at: Date }>`
      select slice, position, recorded_at from slice_heads order by slice for update`
    const [incarnation] = yield* sql<Incarnation>`select ${incarnationColumns(sql, partsOf(like))}`
    if (incarnation === undefined) return yield* Effect.die(new Error("a select without a table gave no row"))
    // A statement of its own sees what was committed while this one waited for the locks.
    const newest = yield* readNewest(sql)
    if (newest !== undefined && isSame(newest.incarnation, incarnation)) return { ...newest, incarnation }

    const last = newest?.lineage ?? noHistory
    const history = last.history + 1
    const tag = randomBytes(8).readBigInt64BE()
    const heads = allSlices.map(() => Position(0))
    for (const { position, slice } of slices) heads[slice] = Position(Number(position))
    const lastRecordedAt = slices.reduce((latest, { recorded_at }) => Math.max(latest, recorded_at.getTime()), 0)
    yield* sql`
      insert into log_histories (history, tag, timeline, server_started, storage, began_at, last_recorded_at, heads)
      values (${BigInt(history)}, ${tag}, ${incarnation.timeline}, ${incarnation.server_started}, ${incarnation.storage},
        clock_timestamp(), ${new Date(lastRecordedAt)}, ${arrayOf.int8(heads)}::bigint[])`
    return { lineage: { history, tags: [tag, ...last.tags].slice(0, lineageLength) }, incarnation, heads, lastRecordedAt }
  }))

/** Where a reader of `from` goes on. */
export interface Continuation {
  /** The newest history. */
  readonly lineage: Lineage
  /** The last history that `from` and the log have in common; undefined if they have none. */
  readonly common: number | undefined
  /** Where the log was when the history after the common one began; undefined if there is none. */
  readonly heads: ReadonlyArray<Position> | undefined
}

/** Reads where `from` and the log part, in one snapshot. */
export const readContinuation = (sql: PgClient.PgClient, from: Lineage): Effect.Effect<Continuation, SqlError.SqlError> =>
  Effect.map(
    sql<{ tags: ReadonlyArray<bigint> | null; newest: bigint | null; common: bigint | null; heads: ReadonlyArray<bigint> | null }>`
      with newest as (
        select history, tag from log_histories order by history desc limit ${lineageLength}::int
      ),
      common as (
        select max(history) as history from (
          select history from log_histories
          where (history, tag) in (
            select * from unnest(
              ${arrayOf.int8(from.tags.map((_, age) => from.history - age))}::bigint[],
              ${arrayOf.int8(from.tags)}::bigint[]
            )
          )
          -- Nothing comes before the first history, and every log has that in common.
          union all select 0 where ${from.tags.length === 0}::boolean
        ) as known
      )
      select
        (select array_agg(tag order by history desc) from newest) as tags,
        (select max(history) from newest) as newest,
        common.history as common,
        (select heads from log_histories where history = common.history + 1) as heads
      from common`,
    ([row]) => ({
      lineage: row?.newest === null || row?.newest === undefined
        ? noHistory
        : { history: Number(row.newest), tags: row.tags ?? [] },
      common: row?.common === null || row?.common === undefined ? undefined : Number(row.common),
      heads: row?.heads?.map((head) => Position(Number(head)))
    })
  )
