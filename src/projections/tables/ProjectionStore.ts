import type { PgClient, PgTypes } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { arrayOf } from "../../database/arrayOf.ts"
import { compareUtf8 } from "../../values/compareUtf8.ts"
import { known } from "../../values/known.ts"
import { TenantId } from "../../values/TenantId.ts"
import { UserId } from "../../values/UserId.ts"
import { EntityCount } from "../fold/EntityCount.ts"
import type { EntityKey } from "../fold/FoldResult.ts"
import type { TotalsRow } from "../fold/Totals.ts"
import type { EntityRow } from "../projection/EntityTable.ts"
import type { AnyProjection } from "../projection/Projection.ts"
import type { ReadRow } from "../projection/Section.ts"
import { type ProjectionTables, projectionTables } from "./ProjectionTables.ts"
import { entityArray, entityRow, rowReader, totalArray } from "./tableRows.ts"

/** A user, where a row of a projection belongs to one. */
export interface UserRef {
  readonly tenantId: TenantId
  readonly userId: UserId
}

/** What a chunk of events does to one user's rows. */
export interface UserChange extends UserRef {
  readonly entities: ReadonlyArray<{ readonly table: string; readonly row: EntityRow }>
  readonly totals: ReadonlyArray<TotalsRow>
  /** Set if `totals` cannot tell: they are then counted from all of the user's entities. */
  readonly recount: boolean
}

/** An entity row as the tables gave it, with its user. */
export interface LoadedEntity extends UserRef {
  readonly table: string
  readonly row: EntityRow
}

type Sql<A> = Effect.Effect<A, SqlError.SqlError>

/**
 * The rows of one projection version in its tables.
 *
 * Every method runs in the caller's transaction, if there is one. All of them fail with what the
 * database says, and with nothing else. Concurrency is the caller's affair: to write or to remove
 * rows of a slice, hold the version's checkpoint of the slice.
 */
export interface ProjectionStore {
  readonly projection: AnyProjection
  readonly tables: ProjectionTables
  /** Creates the tables that are missing. */
  readonly create: Sql<void>
  /** Points the plain-named views at this version. */
  readonly createViews: Sql<void>
  /** Whether all the plain-named views exist. */
  readonly hasViews: Sql<boolean>
  /** The rows of these keys that exist. */
  readonly load: (keys: ReadonlyArray<UserRef & { readonly key: EntityKey }>) => Sql<ReadonlyArray<LoadedEntity>>
  /**
   * Writes what has changed. Set `isNew` only if none of these users can have a row yet: it takes
   * half of the time, and fails on a row that is there.
   */
  readonly write: (changes: ReadonlyArray<UserChange>, options?: { readonly isNew: boolean }) => Sql<void>
  /** Removes all rows of some users. */
  readonly remove: (users: ReadonlyArray<UserRef>) => Sql<void>
  /** Removes up to `limit` rows of a user and says how many: 0 once all are gone. */
  readonly removeSome: (user: UserRef, limit: number) => Sql<number>
  /** Drops the tables, and the views on them. */
  readonly drop: Sql<void>
  /**
   * What the section is made from, for some users of one tenant. `most` bounds the rows of each
   * user and of all users together.
   */
  readonly read: (
    tenantId: TenantId,
    userIds: ReadonlyArray<UserId>,
    most?: { readonly ofUser: number; readonly inAll: number }
  ) => Sql<ReadonlyMap<string, ReadonlyArray<ReadRow>>>
  /**
   * A user's totals whose key begins with a text of one of the ranges, both ends included: the
   * first `most` in the order of their keys. Texts compare by their UTF-8 bytes.
   */
  readonly readRanges: (
    tenantId: TenantId,
    userId: UserId,
    ranges: ReadonlyArray<readonly [first: string, last: string]>,
    most: number
  ) => Sql<ReadonlyArray<ReadRow>>
  /**
   * What the keys of a user's totals begin with: the first `limit` such texts from `first` on, in
   * order.
   */
  readonly keysFrom: (tenantId: TenantId, userId: UserId, first: string, limit: number) => Sql<ReadonlyArray<string>>
}

/** Most entities read at once when totals are counted again. */
const entitiesAtOnce = 10_000

/** Makes the store of a version on a client. */
export const projectionStore = (sql: PgClient.PgClient, projection: AnyProjection): ProjectionStore => {
  const tables = projectionTables(projection)
  const run = (text: string, parameters: ReadonlyArray<unknown>) => sql.unsafe<Record<string, unknown>>(text, parameters)
  const runAll = (statements: ReadonlyArray<string>) => Effect.forEach(statements, (text) => sql.unsafe(text).unprepared, { discard: true })
  /** The entity tables: their names, declarations and statements. */
  const entities = Object.entries(projection.entities).map(([table, declared]) => ({
    table,
    declared,
    statements: known(tables.entities[table], `SQL of the table ${table}`)
  }))
  const ofAllTables = [...Object.values(tables.entities), ...tables.totals === undefined ? [] : [tables.totals]]
  const readText = known(tables.totals?.read ?? entities[0]?.statements.read, "table to read")
  const toReadRow = rowReader(projection)

  const loaded = ({ declared, table }: (typeof entities)[number], rows: ReadonlyArray<Record<string, unknown>>) =>
    rows.map((row): LoadedEntity => ({
      tenantId: TenantId(String(row["tenant_id"])),
      userId: UserId(String(row["user_id"])),
      table,
      row: entityRow(declared, row)
    }))

  const load: ProjectionStore["load"] = Effect.fnUntraced(function*(keys) {
    const found: Array<LoadedEntity> = []
    for (const entity of entities) {
      const wanted = keys.filter(({ key }) => key[0] === entity.table)
      if (wanted.length === 0) continue
      const parts = entity.declared.key.map((_, part) => arrayOf.text(wanted.map(({ key }) => key[part + 1])))
      found.push(...loaded(entity, yield* run(entity.statements.load, [...owners(wanted), ...parts])))
    }
    return found
  })

  const saveEntities = Effect.fnUntraced(function*(changes: ReadonlyArray<UserChange>, { isNew }: { readonly isNew: boolean }) {
    for (const { declared, statements, table } of entities) {
      const rows: Array<UserRef & { readonly row: EntityRow }> = []
      for (const { entities, tenantId, userId } of changes) {
        for (const entity of entities) if (entity.table === table) rows.push({ tenantId, userId, row: entity.row })
      }
      if (rows.length === 0) continue
      yield* run(isNew ? statements.insert : statements.save, [
        ...owners(rows),
        ...declared.key.map((name) => arrayOf.text(rows.map(({ row }) => row[name]))),
        ...statements.columns.map(([name, column]) => entityArray(column, rows.map(({ row }) => row[name])))
      ])
    }
  })

  const addTotals = Effect.fnUntraced(function*(
    changes: ReadonlyArray<UserRef & { readonly totals: ReadonlyArray<TotalsRow> }>,
    { isNew }: { readonly isNew: boolean }
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
      ...statements.stored.map(([nth, column]) => totalArray(nth, column, rows))
    ])
  })

  /** Hands over a user's entities that follow `first` in the order of their keys. */
  const addAfter = Effect.fnUntraced(function*(
    entity: (typeof entities)[number],
    first: LoadedEntity,
    add: (rows: ReadonlyArray<LoadedEntity>) => void
  ) {
    const { tenantId, userId } = first
    let last = first.row
    for (;;) {
      const key = entity.declared.key.map((name) => String(last[name]))
      const page = loaded(entity, yield* run(entity.statements.loadAfter, [tenantId, userId, ...key, entitiesAtOnce]))
      add(page)
      const end = page.at(-1)
      if (end === undefined || page.length < entitiesAtOnce) return
      last = end.row
    }
  })

  /**
   * Counts the totals of these users again from all of their entities, which are written by now. It
   * reads a user's entities in pages of some thousands.
   */
  const recount = Effect.fnUntraced(function*(users: ReadonlyArray<UserRef>) {
    if (users.length === 0 || tables.totals === undefined) return
    const counts = new Map(users.map((user) => [ownerId(user), { ...user, count: new EntityCount(projection) }]))
    const add = (rows: ReadonlyArray<LoadedEntity>) => {
      for (const entity of rows) counts.get(ownerId(entity))?.count.add(entity)
    }
    for (const entity of entities) {
      const most = Math.max(1, Math.floor(entitiesAtOnce / users.length))
      const first = loaded(entity, yield* run(entity.statements.loadUsers, [...owners(users), most]))
      add(first)
      // In order of the key, so the next page of a user begins at the last row of the first one.
      const ofUsers = new Map<string, { rows: number; last: LoadedEntity }>()
      for (const row of first) {
        const id = ownerId(row)
        ofUsers.set(id, { rows: (ofUsers.get(id)?.rows ?? 0) + 1, last: row })
      }
      for (const { last, rows } of ofUsers.values()) if (rows === most) yield* addAfter(entity, last, add)
    }
    yield* run(tables.totals.remove, owners(users))
    yield* addTotals([...counts.values()].map(({ count, ...user }) => ({ ...user, totals: count.rows })), { isNew: true })
  })

  /** The statements of the totals, for methods that only versions with totals have a use for. */
  const totals = () => known(tables.totals, `totals of ${projection.name}`)

  return {
    projection,
    tables,
    create: runAll(tables.create),
    createViews: runAll(tables.createViews),
    drop: runAll([...tables.names.map((name) => `drop table if exists ${name} cascade`), ...tables.ranking?.drop ?? []]),
    hasViews: Effect.map(
      sql<{ missing: boolean }>`
        select exists (select from unnest(${arrayOf.text(tables.views)}::text[]) as v (name) where to_regclass(v.name) is null) as missing`,
      ([row]) => row?.missing === false
    ),
    load,
    write: Effect.fnUntraced(function*(changes, options = { isNew: false }) {
      yield* saveEntities(changes, options)
      yield* addTotals(changes.filter((change) => !change.recount), options)
      yield* recount(changes.filter((change) => change.recount))
    }),
    remove: (users) => Effect.forEach(ofAllTables, (statements) => run(statements.remove, owners(users)), { discard: true }),
    removeSome: Effect.fnUntraced(function*({ tenantId, userId }, limit) {
      let removed = 0
      for (const statements of ofAllTables) {
        const [gone] = yield* run(statements.removeSome, [tenantId, userId, limit - removed])
        removed += Number(gone?.["rows"])
        if (removed >= limit) break
      }
      return removed
    }),
    read: Effect.fnUntraced(function*(tenantId, userIds, { inAll, ofUser } = unbounded) {
      const rows = yield* run(readText, [tenantId, arrayOf.text(userIds), ofUser, inAll])
      const byUser = new Map<string, Array<ReadRow>>()
      for (const row of rows) {
        const userId = String(row["user_id"])
        const ofUser = byUser.get(userId)
        const read = toReadRow(row)
        if (ofUser === undefined) byUser.set(userId, [read])
        else ofUser.push(read)
      }
      return byUser
    }),
    readRanges: (tenantId, userId, ranges, most) =>
      Effect.map(
        run(totals().readRanges, [tenantId, userId, ...[0, 1].map((end) => arrayOf.text(ranges.map((range) => range[end]))), most]),
        (rows) => rows.map(toReadRow)
      ),
    keysFrom: (tenantId, userId, first, limit) =>
      Effect.map(run(totals().keysFrom, [tenantId, userId, first, limit]), (rows) => rows.map(({ key }) => String(key)))
  }
}

/**
 * The stores in the order in which a transaction has to write several of them: that of their
 * tables' names. One transaction at a time counts a ranking, so without one order two transactions
 * can wait for each other.
 */
export const inWriteOrder = (stores: ReadonlyArray<ProjectionStore>): ReadonlyArray<ProjectionStore> =>
  stores.toSorted((a, b) => compareUtf8(a.tables.prefix, b.tables.prefix))

/** For readers of a bounded number of users. */
const unbounded = { ofUser: 0x7fffffff, inAll: 0x7fffffff }

/** One text for a user, for maps. */
export const ownerId = ({ tenantId, userId }: UserRef): string => `${tenantId}/${userId}`

/** The parameters of users: arrays of tenants and of user ids. */
const owners = (rows: ReadonlyArray<UserRef>): ReadonlyArray<PgTypes.Parameter> => [
  arrayOf.uuid(rows.map((row) => row.tenantId)),
  arrayOf.text(rows.map((row) => row.userId))
]
