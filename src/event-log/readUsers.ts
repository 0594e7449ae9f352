import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { arrayOf } from "../database/arrayOf.ts"
import type { EventType } from "../fasttrack/FastTrackEvent.ts"
import type { LoggedEvent } from "./LoggedEvent.ts"
import { type EventRow, toLoggedEvent } from "./readStatements.ts"

/** Some users of a tenant, all of one slice, and which of their events. */
export interface UsersPart {
  readonly tenantId: string
  readonly userIds: ReadonlyArray<string>
  readonly types: ReadonlyArray<EventType>
  /** The last position of the slice that is wanted. */
  readonly upTo: number
}

/** The events of some users, user by user and each in order of position: at most `limit` of those that follow `after`. Served by the unique key. */
export const readUsers = (
  sql: PgClient.PgClient,
  { tenantId, types, upTo, userIds }: UsersPart,
  after: { readonly userId: string; readonly position: number },
  limit: number
): Effect.Effect<ReadonlyArray<LoggedEvent>, SqlError.SqlError> =>
  Effect.map(
    sql<EventRow>`
      select slice, position, tenant_id, user_id, event_type, occurred_at, recorded_at, payload_version, payload
      from events
      where tenant_id = ${tenantId}::uuid and user_id = any (${arrayOf.text(userIds)}::text[]) and position <= ${BigInt(upTo)}
        and event_type = any (${arrayOf.text(types)}::text[])
        and (user_id, position) > (${after.userId}::text collate "C", ${BigInt(after.position)})
      order by user_id, position
      limit ${limit}`,
    (rows) => rows.map(toLoggedEvent)
  )
