import type { PgClient, PgTypes } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { arrayOf } from "../../database/arrayOf.ts"
import { compareUtf8 } from "../../values/compareUtf8.ts"
import { format, parse } from "../../values/dayRuns.ts"
import { EntityCount } from "../fold/EntityCount.ts"
import type { EntityKey } from "../fold/FoldResult.ts"
import { nothingIn, type TotalsRow, type TotalValue } from "../fold/Totals.ts"
import type { EntityColumn, TotalColumn } from "../projection/Column.ts"
import type { EntityRow } from "../projection/EntityTable.ts"
import type { AnyProjection } from "../projection/Projection.ts"
import type { ReadRow } from "../projection/Section.ts"
import { type ProjectionTables, projectionTables } from "./ProjectionTables.ts"

/** A user, wherever a row of a projection belongs to one. */
export interface UserRef {
  readonly tenantId: string
  readonly userId: string
}

/** What a chunk of events does to one user's rows. */
export interface UserChange extends UserRef {
  readonly entities: ReadonlyArray<{ readonly table: string; readonly row: EntityRow }>
  readonly totals: ReadonlyArray<TotalsRow>
  readonly recount: boolean
}

/** An entity row as the tables gave it, with whose it is. */
export interface LoadedEntity extends UserRef {
  readonly table: string
  readonly row: EntityRow
}

type Sql<A> = Effect.Effect<A, SqlError.SqlError>

/**
 * The rows of one projection version in its tables. Every method runs in the caller's transaction,
 * if there is one.
 */
export interface ProjectionStore {
  readonly projection: AnyProjection
  readonly tables: ProjectionTables
  /** Makes the tables if they are missing. */
  readonly create: Sql<void>
  /** Points the plain-named views at this version. */
  readonly createViews: Sql<void>
  /** Whether all the plain-named views exist. */
  readonly hasViews: Sql<boolean>
  /** The rows of these keys that exist. */
  readonly load: (keys: ReadonlyArray<UserRef & { readonly key: EntityKey }>) => Sql<ReadonlyArray<LoadedEntity>>
  /**
   * Writes what has changed; `isNew` if none of these users can have a row yet, which takes half of
   * the time.
   */
  readonly write: (changes: ReadonlyArray<UserChange>, isNew?: boolean) => Sql<void>
  /** Removes all rows of some users. */
  readonly remove: (users: ReadonlyArray<UserRef>) => Sql<void>
  /** Removes up to so many rows of a user and says how many: 0 once all are gone. */
  readonly removeSome: (user: UserRef, limit: number) => Sql<number>
  /** Drops the tables, and the views on them. */
  readonly drop: Sql<void>
  /**
   * What the section is made from, for some users of one tenant: at most so many rows of each user,
   * and so many in all.
   */
  readonly read: (
    tenantId: string,
    userIds: ReadonlyArray<string>,
    most?: { readonly ofUser: number; readonly inAll: number }
  ) => Sql<ReadonlyMap<string, ReadonlyArray<ReadRow>>>
  /**
   * A user's totals whose key begins with a text of one of the ranges, both ends included: the
   * first `most` in the order of their keys. Texts compare by their UTF-8 bytes.
   */
  readonly readRanges: (
    tenantId: string,
    userId: string,
    ranges: ReadonlyArray<readonly [first: string, last: string]>,
    most: number
  ) => Sql<ReadonlyArray<ReadRow>>
  /**
   * What the keys of a user's totals begin with: the first `limit` such texts from `first` on, in
   * order.
   */
  readonly keysFrom: (tenantId: string, userId: string, first: string, limit: number) => Sql<ReadonlyArray<string>>
}

/** Most entities read at once when totals are made anew. */
const entitiesAtOnce = 10_000

/** Makes the store of a version on a client. */
export const projectionStore = (sql: PgClient.PgClient, projection: AnyProjection): ProjectionStore => {
  const tables = projectionTables(projection)
  const run = (text: string, parameters: ReadonlyArray<unknown> = []) => sql.unsafe<Record<string, unknown>>(text, parameters)

  const load = Effect.fnUntraced(function*(keys: ReadonlyArray<UserRef & { readonly key: EntityKey }>) {
    const found: Array<LoadedEntity> = []
    for (const [table, statements] of Object.entries(tables.entities)) {
      const wanted = keys.filter(({ key }) => key[0] === table)
      if (wanted.length === 0) continue
      const parts = projection.entities[table]?.key.map((_, part) => arrayOf.text(wanted.map(({ key }) => key[part + 1]))) ?? []
      const rows = yield* run(statements.load, [...owners(wanted), ...parts])
      for (const row of rows) found.push(toEntity(projection, table, row))
    }
    return found
  })

  const saveEntities = Effect.fnUntraced(function*(changes: ReadonlyArray<UserChange>, isNew: boolean) {
    for (const [table, statements] of Object.entries(tables.entities)) {
      const rows: Array<UserRef & { readonly row: EntityRow }> = []
      for (const { entities, tenantId, userId } of changes) {
        for (const entity of entities) if (entity.table === table) rows.push({ tenantId, userId, row: entity.row })
      }
      if (rows.length === 0) continue
      yield* run(isNew ? statements.insert : statements.save, [
        ...owners(rows),
        ...projection.entities[table]?.key.map((name) => arrayOf.text(rows.map(({ row }) => row[name]))) ?? [],
        ...statements.columns.map(([name, column]) => entityArray(column, rows.map(({ row }) => row[name])))
      ])
    }
  })

  const addTotals = Effect.fnUntraced(function*(
    changes: ReadonlyArray<UserRef & { readonly totals: ReadonlyArray<TotalsRow> }>,
    isNew: boolean
  ) {
    const statements = tables.totals
    if (statements === undefined) return
    const rows: Array<TotalsRow> = []
    const ofRows: Array<UserRef> = []
    for (const change of changes) {
      for (const row of change.totals) {
        rows.push(row)
        ofRows.push(change)
      }
    }
    if (rows.length === 0) return
    yield* run(isNew ? statements.insert : statements.add, [
      ...owners(ofRows),
      ...projection.totals?.key.map((_, part) => arrayOf.text(rows.map(({ key }) => key[part]))) ?? [],
      arrayOf.int4(rows.map(({ contributions }) => contributions)),
      ...statements.stored.map(([nth, column]) => totalArray(column, addedTo(nth, column, rows)))
    ])
  })

  /** Hands over a user's entities that follow one in the order of their keys. */
  const addAfter = Effect.fnUntraced(function*(table: string, first: LoadedEntity, add: (rows: ReadonlyArray<LoadedEntity>) => void) {
    const { tenantId, userId } = first
    let last = first.row
    for (;;) {
      const key: ReadonlyArray<string> = projection.entities[table]?.key.map((name) => String(last[name])) ?? []
      const rows = yield* run(tables.entities[table]?.loadAfter ?? "", [tenantId, userId, ...key, entitiesAtOnce])
      const page = rows.map((row) => toEntity(projection, table, row))
      add(page)
      const end = page.at(-1)
      if (end === undefined || page.length < entitiesAtOnce) return
      last = end.row
    }
  })

  /**
   * Makes the totals of these users anew from all of their entities, which are written by now. A
   * user's entities are read some thousand at a time.
   */
  const recount = Effect.fnUntraced(function*(users: ReadonlyArray<UserRef>) {
    if (users.length === 0 || tables.totals === undefined) return
    const counts = new Map(users.map((user) => [ownerId(user), { ...user, count: new EntityCount(projection) }]))
    const add = (rows: ReadonlyArray<LoadedEntity>) => {
      for (const entity of rows) counts.get(ownerId(entity))?.count.add(entity)
    }
    for (const [table, statements] of Object.entries(tables.entities)) {
      const most = Math.max(1, Math.floor(entitiesAtOnce / users.length))
      const first = (yield* run(statements.loadUsers, [...owners(users), most])).map((row) => toEntity(projection, table, row))
      add(first)
      // In order of the key, so the last row of a user is where the next page of that user begins.
      const ofUsers = new Map<string, { rows: number; last: LoadedEntity }>()
      for (const entity of first) {
        const id = ownerId(entity)
        ofUsers.set(id, { rows: (ofUsers.get(id)?.rows ?? 0) + 1, last: entity })
      }
      for (const { last, rows } of ofUsers.values()) if (rows === most) yield* addAfter(table, last, add)
    }
    yield* run(tables.totals.remove, owners(users))
    yield* addTotals([...counts.values()].map(({ count, ...user }) => ({ ...user, totals: count.rows })), true)
  })

  const remove = Effect.fnUntraced(function*(users: ReadonlyArray<UserRef>) {
    for (const statements of [...Object.values(tables.entities), ...tables.totals === undefined ? [] : [tables.totals]]) {
      yield* run(statements.remove, owners(users))
    }
  })

  return {
    projection,
    tables,
    remove,
    removeSome: Effect.fnUntraced(function*({ tenantId, userId }, limit) {
      let removed = 0
      for (const statements of [...Object.values(tables.entities), ...tables.totals === undefined ? [] : [tables.totals]]) {
        const [gone] = yield* run(statements.removeSome, [tenantId, userId, limit - removed])
        removed += Number(gone?.["rows"])
        if (removed >= limit) break
      }
      return removed
    }),
    drop: Effect.forEach(
      [...tables.names.map((name) => `drop table if exists ${name} cascade`), ...tables.ranking?.drop ?? []],
      (text) => sql.unsafe(text).unprepared,
      { discard: true }
    ),
    create: Effect.forEach(tables.create, (text) => sql.unsafe(text).unprepared, { discard: true }),
    createViews: Effect.forEach(tables.createViews, (text) => sql.unsafe(text).unprepared, { discard: true }),
    hasViews: Effect.map(
      sql<{ missing: boolean }>`
        select exists (select from unnest(${arrayOf.text(tables.views)}::text[]) as v (name) where to_regclass(v.name) is null) as missing`,
      ([row]) => row?.missing === false
    ),
    load,
    write: Effect.fnUntraced(function*(changes, isNew = false) {
      yield* saveEntities(changes, isNew)
      yield* addTotals(changes.filter((change) => !change.recount), isNew)
      yield* recount(changes.filter((change) => change.recount))
    }),
    read: Effect.fnUntraced(function*(tenantId, userIds, { inAll, ofUser } = unbounded) {
      const first = Object.values(tables.entities)[0]
      const text = tables.totals?.read ?? first?.read ?? ""
      const rows = yield* run(text, [tenantId, arrayOf.text(userIds), ofUser, inAll])
      const byUser = new Map<string, Array<ReadRow>>()
      for (const row of rows) {
        const userId = String(row["user_id"])
        const known = byUser.get(userId)
        const read = toReadRow(projection, row)
        if (known === undefined) byUser.set(userId, [read])
        else known.push(read)
      }
      return byUser
    }),
    readRanges: (tenantId, userId, ranges, most) =>
      Effect.map(
        run(tables.totals?.readRanges ?? "", [
          tenantId,
          userId,
          ...[0, 1].map((end) => arrayOf.text(ranges.map((range) => range[end]))),
          most
        ]),
        (rows) => rows.map((row) => toReadRow(projection, row))
      ),
    keysFrom: (tenantId, userId, first, limit) =>
      Effect.map(run(tables.totals?.keysFrom ?? "", [tenantId, userId, first, limit]), (rows) => rows.map(({ key }) => String(key)))
  }
}

/**
 * The stores in the order in which whoever writes several of them in one transaction does: the
 * counts of a ranking are written by one at a time, and so nobody waits in a circle. The order is
 * that of the tables' names.
 */
export const inWriteOrder = (stores: ReadonlyArray<ProjectionStore>): ReadonlyArray<ProjectionStore> =>
  stores.toSorted((a, b) => compareUtf8(a.tables.prefix, b.tables.prefix))

/** For readers that look at single users one after another. */
const unbounded = { ofUser: 0x7fffffff, inAll: 0x7fffffff }

/** One text for a user, for maps. */
export const ownerId = ({ tenantId, userId }: UserRef): string => `${tenantId}/${userId}`

const owners = (
  rows: ReadonlyArray<UserRef>
) => [arrayOf.uuid(rows.map((row) => row.tenantId)), arrayOf.text(rows.map((row) => row.userId))]

const entityArray = (column: EntityColumn, values: ReadonlyArray<unknown>): PgTypes.Parameter => {
  switch (column.kind) {
    case "text":
      return arrayOf.text(values)
    case "decimal":
      return arrayOf.numeric(values)
    case "time":
      return arrayOf.timestamptz(values)
    case "flag":
      return arrayOf.bool(values)
    case "tally":
      return arrayOf.int8(values.map(Number))
    case "internal":
      return arrayOf.text(values.map((value) => JSON.stringify(value)))
  }
}

/**
 * What rows add to the nth column: null where that is nothing, and no values at all if it is
 * nothing anywhere. Most cells of most tables add nothing, and a null takes both sides half of the
 * time that a 0 does, a missing one a quarter.
 */
const addedTo = (nth: number, column: TotalColumn, rows: ReadonlyArray<TotalsRow>): ReadonlyArray<TotalValue | null> => {
  const nothing = nothingIn(column)
  let isNothing = true
  const values = rows.map(({ values }) => {
    const value = values[nth]
    if (value === undefined || value === nothing) return null
    isNothing = false
    return value
  })
  return isNothing ? [] : values
}

const totalArray = (column: TotalColumn, values: ReadonlyArray<TotalValue | null>): PgTypes.Parameter => {
  switch (column.kind) {
    case "count":
    case "difference":
      // What a chunk or a user comes to, never what a table does.
      return arrayOf.int4(values)
    case "amount":
    case "greatest":
      return arrayOf.numeric(values)
    case "earliest":
    case "latest":
      return arrayOf.timestamptz(values)
    case "days":
      return arrayOf.text(values.map((value) => typeof value === "object" && value !== null ? format(value) : null))
  }
}

const toEntity = (projection: AnyProjection, table: string, row: Record<string, unknown>): LoadedEntity => {
  const declared = projection.entities[table]
  const entity: EntityRow = {}
  for (const name of declared?.key ?? []) entity[name] = String(row[name])
  for (const [name, { kind }] of Object.entries(declared?.columns ?? {})) entity[name] = entityValue(kind, row[name])
  return { tenantId: String(row["tenant_id"]), userId: String(row["user_id"]), table, row: entity }
}

const entityValue = (kind: EntityColumn["kind"], value: unknown): EntityRow[string] => {
  if (value === null || value === undefined) return null
  if (kind === "internal") return JSON.parse(String(value))
  if (kind === "tally") return Number(value)
  if (value instanceof Date) return value.getTime()
  return typeof value === "boolean" ? value : String(value)
}

/**
 * As a fold in memory has it too: without the user, whose name is no part of what a section shows.
 */
const toReadRow = (projection: AnyProjection, { tenant_id: _, user_id: __, ...row }: Record<string, unknown>): ReadRow => {
  const read: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(row)) {
    // Whose it is, a row folded in memory does not say either.
    read[name] = value instanceof Date ?
      value.getTime()
      : typeof value === "bigint" ?
      Number(value)
      : projection.totals?.columns[name]?.kind === "days" ?
      parse(String(value))
      : value
  }
  return read
}
