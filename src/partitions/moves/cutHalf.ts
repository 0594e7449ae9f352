import type { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { SqlError } from "effect/sql"
import { classifySqlError, sqlState } from "../../database/classifySqlError.ts"
import { forgetErasures } from "../../erasure/forgetErasures.ts"
import { positionsLeft, removeEvents, type SliceRange } from "../../event-log/statements/servedSlices.ts"
import { forgetSlices as forgetGenerations } from "../../projections/feed/generations.ts"
import * as ParkedUsers from "../../projections/feed/ParkedUsers.ts"
import { beforeAllUsers, removeRowsOfSlices, type UserTable, userTables } from "../../projections/versions/userTables.ts"
import { forgetSlices as forgetTimeZoneMoves } from "../../time-zones/TimeZoneMoves.ts"
import { readIdentity } from "../PartitionDirectory.ts"
import { slicesOf } from "../PartitionMap.ts"
import { MoveRefused } from "./MoveRefused.ts"
import { lockTarget } from "./prepareTarget.ts"

/*
 * Each database of a split removes what it still has of the slices that the other one serves, in
 * short transactions. Each of these is one that may be repeated, so a cut that was stopped begins
 * again.
 */

/** A database of a split, as the partition that it is. */
export interface Half {
  readonly sql: PgClient.PgClient
  readonly identity: { readonly log: string; readonly partition: number; readonly epoch: number }
  /** The slices of the other half. */
  readonly others: SliceRange
}

/** How a cut goes on. */
export interface Cutting<E> {
  /** Fails if another command has taken over. */
  readonly stillCarriesOn: Effect.Effect<void, E>
  readonly onRemoved: (rows: number) => void
}

/** The most of one transaction: users looked at, rows removed, and positions gone through. */
export const CutStep = Context.Reference<{ readonly users: number; readonly rows: number }>("playtally/partitions/CutStep", {
  defaultValue: () => ({ users: 500, rows: 5000 })
})

/** The state of an error about a table that is not there. */
const noTable = "42P01"

/** Removes what is noted of slices of the other half and of their users. It is little. */
export const cutNotes = (half: Half) => {
  const { others, sql } = half
  return inHalf(
    half,
    Effect.all([
      ParkedUsers.removeSlices(sql, others),
      forgetGenerations(sql, others),
      forgetTimeZoneMoves(sql, others),
      forgetErasures(sql, others)
    ])
  )
}

/**
 * Removes the rows of rankings. From then on the database ranks its own users alone.
 */
export const cutRankings = Effect.fnUntraced(function*<E>(half: Half, cutting: Cutting<E>) {
  for (const table of yield* userTables(half.sql)) if (table.isRanking) yield* cutTable(half, table, cutting)
})

/** Removes all other rows of users of the other half, and their events. */
export const cutRest = Effect.fnUntraced(function*<E>(half: Half, cutting: Cutting<E>) {
  const most = yield* CutStep
  for (const table of yield* userTables(half.sql)) if (!table.isRanking) yield* cutTable(half, table, cutting)
  for (const slice of slicesOf(half.others)) {
    const left = yield* positionsLeft(half.sql, slice)
    if (left === undefined) continue
    for (let first = left.first; first <= left.last; first += most.rows) {
      yield* cutting.stillCarriesOn
      cutting.onRemoved(yield* inHalf(half, removeEvents(half.sql, slice, { first, last: first + most.rows - 1 })))
    }
  }
})

const cutTable = Effect.fnUntraced(function*<E>(half: Half, table: UserTable, { onRemoved, stillCarriesOn }: Cutting<E>) {
  const most = yield* CutStep
  for (let after: typeof beforeAllUsers | undefined = beforeAllUsers; after !== undefined;) {
    yield* stillCarriesOn
    const from: typeof beforeAllUsers = after
    const { next, rows } = yield* inHalf(
      half,
      removeRowsOfSlices(half.sql, table, { after: from, range: half.others, users: most.users, limit: most.rows })
    ).pipe(
      // The version was removed meanwhile.
      Effect.catchIf(
        (error) => SqlError.isSqlError(error) && sqlState(error) === noTable,
        () => Effect.succeed({ rows: 0, next: undefined })
      )
    )
    onRemoved(rows)
    after = next
  }
})

/**
 * Changes a half in one transaction. It fails if the database is not that half any more: it may
 * have become the target of another move, and have the slices again.
 */
export const inHalf = <A, E>({ identity, sql }: Half, change: Effect.Effect<A, E | SqlError.SqlError>) =>
  sql.withTransaction(Effect.gen(function*() {
    yield* sql`select set_config('lock_timeout', '25s', true), set_config('enable_seqscan', 'off', true)`
    yield* lockTarget(sql)
    const own = yield* readIdentity(sql)
    if (own?.log !== identity.log || own.partition !== identity.partition || own.epoch !== identity.epoch) {
      return yield* new MoveRefused({
        reason: "TakenOver",
        message: `Another command has ended the split of partition ${identity.partition}.`
      })
    }
    return yield* change
  })).pipe(Effect.retry({
    while: (error) => SqlError.isSqlError(error) && classifySqlError(error)._tag === "Transient",
    schedule: Schedule.spaced("200 millis").pipe(Schedule.upTo({ duration: "30 seconds" }))
  }))
