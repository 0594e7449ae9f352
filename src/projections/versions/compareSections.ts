import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import type { Slice } from "../../values/Slice.ts"
import type { TenantId } from "../../values/TenantId.ts"
import type { UserId } from "../../values/UserId.ts"
import { foldContexts } from "../feed/foldContexts.ts"
import type { ReadRow } from "../projection/Section.ts"
import type { ProjectionStore, UserRef } from "../tables/ProjectionStore.ts"
import type { SectionComparison } from "./SectionComparison.ts"

/**
 * Most rows of a user that are compared: no reader gets more at once. Such a user is read alone.
 */
export const maxRowsOfUser = 20_000
/** Users that the cursor gives at a time. */
const page = 1_000
/** Users whose rows are read together, and the most rows for that. */
const [stride, maxRows] = [50, 5_000]

/** The versions whose sections are compared, and what has been found so far. */
export interface SectionsToCompare {
  readonly before: ProjectionStore
  readonly after: ProjectionStore
  readonly comparison: SectionComparison
}

/**
 * Compares what two versions show to readers, for all users of a slice who are parked in neither.
 *
 * It runs in the caller's transaction, which holds the checkpoints of both. Users come from a
 * cursor, so there may be any number. At most {@link maxRowsOfUser} rows of each version are in
 * memory.
 */
export const compareSections = (
  sql: PgClient.PgClient,
  { after, before, comparison }: SectionsToCompare,
  { now, slice }: { readonly now: number; readonly slice: Slice }
): Effect.Effect<void, SqlError.SqlError> =>
  Effect.gen(function*() {
    yield* sql.unsafe(`declare users_of_slice no scroll cursor for ${usersOf(before, after, String(slice))} order by tenant_id, user_id`)
      .unprepared
    for (;;) {
      const found = yield* sql.unsafe<{ tenant_id: TenantId; user_id: UserId }>(`fetch ${page} from users_of_slice`).unprepared
      const users = found.map((row) => ({ tenantId: row.tenant_id, userId: row.user_id, slice }))
      const contextOf = yield* foldContexts(sql, users)
      for (let at = 0; at < users.length; at += stride) {
        for (const [tenantId, ofTenant] of Map.groupBy(users.slice(at, at + stride), ({ tenantId }) => tenantId)) {
          const userIds = ofTenant.map(({ userId }) => userId)
          const read = readBoth(before, after, tenantId)
          const together = yield* read(userIds, { ofUser: maxRows + 1, inAll: maxRows + 1 })
          const isWhole = together.every((rows) => countOf(rows) <= maxRows)
          for (const user of ofTenant) {
            const alone = { ofUser: maxRowsOfUser + 1, inAll: maxRowsOfUser + 1 }
            const own = isWhole ? together : yield* read([user.userId], alone)
            const [old = [], changed = []] = own.map((rows) => rows.get(user.userId) ?? [])
            if (Math.max(old.length, changed.length) > maxRowsOfUser) comparison.tooLarge++
            // Readers are not told when the week begins.
            else comparison.add(user, { timeZone: contextOf(user).timeZone, now }, { before: old, after: changed })
          }
        }
        yield* Effect.yieldNow
      }
      if (users.length < page) break
    }
    yield* sql.unsafe("close users_of_slice").unprepared
  })

/**
 * SQL for the users of a slice, a parameter or a number, who have events and are parked in neither
 * version. The names are plain identifiers.
 */
export const usersOf = (before: ProjectionStore, after: ProjectionStore, slice: string): string => `
  select distinct tenant_id, user_id from events e where slice = ${slice} and event_type <> 'erased'
    and not exists (select from parked_users p where ${parkedIn(before, after)} and p.tenant_id = e.tenant_id and p.user_id = e.user_id)`

/** SQL for how many users of a slice, the first parameter, are parked in one of the versions. */
export const parkedUsersOf = (before: ProjectionStore, after: ProjectionStore): string => `
  select count(distinct (tenant_id, user_id))::int as users from parked_users p where ${parkedIn(before, after)} and p.slice = $1`

const parkedIn = ({ projection: { name, version } }: ProjectionStore, { projection: other }: ProjectionStore): string =>
  `p.projection = '${name}' and p.version in (${version}, ${other.version})`

type Rows = ReadonlyMap<string, ReadonlyArray<ReadRow>>

/** Reads the rows of a tenant's users in both versions. */
const readBoth = (before: ProjectionStore, after: ProjectionStore, tenantId: UserRef["tenantId"]) =>
(
  userIds: ReadonlyArray<UserId>,
  most: { readonly ofUser: number; readonly inAll: number }
): Effect.Effect<ReadonlyArray<Rows>, SqlError.SqlError> => Effect.forEach([before, after], (store) => store.read(tenantId, userIds, most))

const countOf = (rows: Rows): number => [...rows.values()].reduce((count, own) => count + own.length, 0)
