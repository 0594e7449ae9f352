import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { classifySqlError, sqlState } from "../../database/classifySqlError.ts"
import type { EntityKey } from "../fold/FoldResult.ts"
import { entityId, foldUser } from "../fold/foldUser.ts"
import type { EntityRow } from "../projection/EntityTable.ts"
import { ownerId, type ProjectionStore, type UserChange, type UserRef } from "../tables/ProjectionStore.ts"
import type { FedUser } from "./FedUser.ts"
import type { ContextOf } from "./foldContexts.ts"
import * as ParkedUsers from "./ParkedUsers.ts"

/** Users and their next events, and how they are fed to a version. */
export interface Feeding {
  readonly users: ReadonlyArray<FedUser>
  readonly contextOf: ContextOf
  /**
   * Whether each user has a savepoint, and whom the database refuses is parked; else all fail
   * together.
   */
  readonly oneByOne: boolean
  /** Whether no user can have a row yet: rows are not looked up then. */
  readonly isNew: boolean
}

/**
 * Folds users' events and writes the rows of one version, in the caller's transaction, which holds
 * the version's checkpoints of the users' slices. It parks a user whose fold fails, and one whose
 * next event cannot be read.
 */
export const feedProjection = Effect.fnUntraced(function*(sql: PgClient.PgClient, store: ProjectionStore, feeding: Feeding) {
  const { oneByOne, users } = feeding
  const parkUser = parkIn(sql, store)
  if (!oneByOne) yield* foldAndWrite(store, feeding, parkUser)
  else {
    for (const user of users) {
      yield* sql.withTransaction(foldAndWrite(store, { ...feeding, users: [user] }, parkUser)).pipe(
        Effect.catchIf(isOfUser, (error) => parkUser(user, error.reason.cause))
      )
    }
  }
  for (const user of users) {
    if (user.unreadable === undefined) continue
    const { position, unreadable } = user.unreadable
    // A user whose fold failed before stays parked there.
    yield* parkUser({ ...user, position }, `The event at position ${position} of slice ${user.slice} cannot be read: ${unreadable}`)
  }
})

/** Parks a user whose events cannot be folded, because of an error. */
type ParkUser = (user: FedUser, error: unknown) => Effect.Effect<void, SqlError.SqlError>

const foldAndWrite = Effect.fnUntraced(function*(store: ProjectionStore, feeding: Feeding, parkUser: ParkUser) {
  const changes = yield* foldUsers(store, feeding, parkUser)
  yield* store.write(changes, { isNew: feeding.isNew })
})

/**
 * Whether a failure of one user's rows is due to the user. A statement that the schema does not fit
 * fails for everybody: nobody is parked for that.
 */
const isOfUser = (error: SqlError.SqlError): boolean =>
  classifySqlError(error)._tag !== "Transient" && !["0A", "42"].includes(sqlState(error)?.slice(0, 2) ?? "")

const parkIn = (sql: PgClient.PgClient, { projection: { name, version } }: ProjectionStore): ParkUser => (user, error) =>
  ParkedUsers.park(sql, {
    projection: name,
    version,
    tenantId: user.tenantId,
    userId: user.userId,
    slice: user.slice,
    // The first event that is not in the rows. The user's events of the chunk before the one that
    // failed are left out with it.
    position: user.position,
    error: String(error)
  })

/**
 * About how many events are folded without a pause, before other chunks get a turn. A user's events
 * are not divided.
 */
const stride = 250

const nothingYet = () => null

/**
 * Folds every user's events. It loads the rows that the folds ask for, until all have what they
 * need, and parks the users whose fold fails.
 */
const foldUsers = Effect.fnUntraced(function*(store: ProjectionStore, { contextOf, isNew, users }: Feeding, parkUser: ParkUser) {
  const changes: Array<UserChange> = []
  const known = new Map<string, EntityRow | null>()
  let waiting: ReadonlyArray<FedUser> = users.filter(({ events }) => events.length > 0)
  while (waiting.length > 0) {
    const missing: Array<UserRef & { readonly key: EntityKey }> = []
    const again: Array<FedUser> = []
    let folded = 0
    for (const user of waiting) {
      folded += user.events.length
      if (folded >= stride) {
        folded = 0
        yield* Effect.yieldNow
      }
      const { tenantId, userId } = user
      const prefix = ownerId(user)
      const loaded = isNew ? nothingYet : (key: EntityKey) => known.get(prefix + entityId(key))
      const result = foldUser(store.projection, user.events, { loaded, context: contextOf(user) })
      if (result._tag === "Folded") {
        const { entities, recount, totals } = result
        changes.push({ tenantId, userId, entities, totals, recount })
        continue
      }
      if (result._tag === "Failed") {
        yield* parkUser(user, result.error)
        continue
      }
      again.push(user)
      for (const key of result.keys) {
        const id = prefix + entityId(key)
        if (known.has(id)) continue
        known.set(id, null)
        missing.push({ tenantId, userId, key })
      }
    }
    if (missing.length > 0) {
      for (const entity of yield* store.load(missing)) {
        const key = store.projection.entities[entity.table]?.key.map((name) => String(entity.row[name])) ?? []
        known.set(ownerId(entity) + entityId([entity.table, ...key]), entity.row)
      }
    }
    waiting = again
  }
  return changes
})
