import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type DatabaseUnavailable, unavailable } from "../database/DatabaseUnavailable.ts"
import { userRef } from "../event-log/pseudonym.ts"
import { sliceOf } from "../event-log/sliceOf.ts"
import { usersAfter } from "../event-log/statements/tenantUsers.ts"
import type { Tenant } from "../tenants/Tenant.ts"
import type { Slice } from "../values/Slice.ts"
import type { UserId } from "../values/UserId.ts"

/** A user in a list. The `ref` is that of the user's documents. */
export interface ListedUser {
  readonly user_id: UserId
  readonly ref: string
  readonly slice: Slice
}

/** The users of a tenant. */
export class Users extends Context.Service<Users, {
  /**
   * The users with events whose ids follow `after`, in the order of the ids' UTF-8 bytes.
   *
   * It gives at most `limit`, and the id to go on after unless these were the last. It reads the
   * log itself, without erased users. It fails with `DatabaseUnavailable` if the database did not
   * answer.
   */
  readonly list: (
    tenant: Tenant,
    after: string,
    limit: number
  ) => Effect.Effect<{ readonly users: ReadonlyArray<ListedUser>; readonly next: string | undefined }, DatabaseUnavailable>
}>()("playtally/counters/Users") {
  static readonly layer = Layer.effect(
    Users,
    Effect.gen(function*() {
      const sql = yield* PgClient.PgClient
      return Users.of({
        list: Effect.fn("Users.list")(function*({ keyNamespace, tenantId }, after, limit) {
          const { next, userIds } = yield* usersAfter(sql, tenantId, after, limit)
          const users = userIds.map((userId): ListedUser => ({
            user_id: userId,
            ref: userRef(keyNamespace, userId),
            slice: sliceOf(tenantId, userId)
          }))
          return { users, next }
        }, unavailable("Users.list"))
      })
    })
  )
}
