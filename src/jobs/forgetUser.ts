import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import type { TenantId } from "../values/TenantId.ts"
import type { UserId } from "../values/UserId.ts"
import { userKey } from "./userKey.ts"

/**
 * Removes the outcomes that name a user who is erased, and the jobs that are about the user alone.
 * A job that is running hears of it: its outcome is not kept if it names the user.
 */
export const forgetUser = (
  home: PgClient.PgClient,
  user: { readonly tenantId: TenantId; readonly userId: UserId }
): Effect.Effect<void, SqlError.SqlError> => {
  const key = userKey(user)
  return Effect.asVoid(home`
    update jobs set
      outcome = case when ${key} = any (named) then null else outcome end,
      input = case when ${key} = any (named) then '{}'::json else input end,
      problem = case when ${key} = any (named) then 'The outcome named a user who was erased since.' else problem end,
      erased = case when state = 'running' then erased || ${key}::text else erased end
    where ${key} = any (named) or state = 'running'`)
}
