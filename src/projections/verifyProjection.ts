import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import type { EventLog } from "../event-log/EventLog.ts"
import type { FastTrackEvent } from "../fasttrack/FastTrackEvent.ts"
import { evaluateRows } from "./evaluate.ts"
import { foldContexts } from "./foldContexts.ts"
import type { ReadRow } from "./Projection.ts"
import { type Owner, ownerId, type ProjectionStore } from "./ProjectionStore.ts"

/** A user whose rows are not what the log says. `row` names the row by its key. */
export interface Difference extends Owner {
  readonly row: string
  readonly column: string
  readonly stored: string | null
  readonly expected: string | null
}

/** How a slice was found. */
export interface VerifiedSlice {
  readonly slice: number
  readonly events: number
  readonly users: number
  readonly parked: number
  readonly differences: ReadonlyArray<Difference>
}

/** Events read at a time. */
const page = 10_000

/**
 * Folds a slice of the log in memory, beside the live rows, and compares: every row of every user of the slice, as it is read, against a fold that has
 * never seen a table. The slice's checkpoint is held meanwhile, so both are of one position. Parked users are counted and left out.
 */
export const verifySlice = (
  sql: PgClient.PgClient,
  log: EventLog["Service"],
  store: ProjectionStore,
  slice: number
): Effect.Effect<VerifiedSlice, SqlError.SqlError> =>
  sql.withTransaction(Effect.gen(function*() {
    const { events: types, name, version } = store.projection
    const [checkpoint] = yield* sql<{ position: bigint }>`
      select position from checkpoints where slice = ${slice} and projection = ${name} and version = ${version} for update`
    const end = Number(checkpoint?.position ?? 0)
    const users = new Map<string, Owner & { readonly events: Array<FastTrackEvent> }>()
    let position = 0
    while (position < end) {
      for (const logged of yield* log.read([{ slice, position }], Math.min(page, end - position))) {
        position = logged.position
        if (logged.event === null) continue
        const id = ownerId(logged)
        const user = users.get(id) ?? { tenantId: logged.tenantId, userId: logged.userId, events: [] }
        users.set(id, user)
        if ((types as ReadonlyArray<string>).includes(logged.event.event)) user.events.push(logged.event)
      }
    }
    const parked = yield* sql<{ tenant_id: string; user_id: string }>`
      select tenant_id, user_id from parked_users where slice = ${slice} and projection = ${name} and version = ${version}`
    for (const { tenant_id, user_id } of parked) users.delete(ownerId({ tenantId: tenant_id, userId: user_id }))

    const contextOf = yield* foldContexts(sql, [...users.values()].map(({ tenantId }) => ({ tenantId, slice })))
    const differences: Array<Difference> = []
    for (const tenantId of new Set([...users.values()].map((user) => user.tenantId))) {
      const ofTenant = [...users.values()].filter((user) => user.tenantId === tenantId)
      const rows = yield* store.read(tenantId, ofTenant.map(({ userId }) => userId))
      for (const user of ofTenant) {
        const context = contextOf({ ...user, slice })
        differences.push(...compare(store, user, rows.get(user.userId) ?? [], evaluateRows(store.projection, user.events, context)))
      }
    }
    return { slice, events: end, users: users.size, parked: parked.length, differences }
  }))

/** Users who have rows of a version but no events in the log. */
export const rowsWithoutEvents = (
  sql: PgClient.PgClient,
  { tables }: ProjectionStore
): Effect.Effect<ReadonlyArray<Owner>, SqlError.SqlError> =>
  Effect.map(
    Effect.forEach(tables.names, (name) =>
      sql.unsafe<{ tenant_id: string; user_id: string }>(`
        select distinct tenant_id, user_id from ${name} as t
        where not exists (select from events e where e.tenant_id = t.tenant_id and e.user_id = t.user_id)`)),
    (tables) => tables.flat().map((row) => ({ tenantId: row.tenant_id, userId: row.user_id }))
  )

const compare = (
  { tables: { compared } }: ProjectionStore,
  { tenantId, userId }: Owner,
  stored: ReadonlyArray<ReadRow>,
  expected: ReadonlyArray<ReadRow>
): ReadonlyArray<Difference> => {
  const byKey = (rows: ReadonlyArray<ReadRow>) => new Map(rows.map((row) => [JSON.stringify(compared.key.map((name) => row[name])), row]))
  const [before, after] = [byKey(stored), byKey(expected)]
  const text = (value: unknown) => value === undefined ? null : JSON.stringify(value)
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((row) =>
    compared.columns.flatMap(([column]) => {
      const [is, should] = [text(before.get(row)?.[column]), text(after.get(row)?.[column])]
      return is === should ? [] : [{ tenantId, userId, row, column, stored: is, expected: should }]
    })
  )
}
