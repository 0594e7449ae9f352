import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { arrayOf } from "../../database/arrayOf.ts"
import type { EventType } from "../../fasttrack/FastTrackEvent.ts"
import type { Position } from "../../values/Position.ts"
import type { Slice } from "../../values/Slice.ts"
import type { TenantId } from "../../values/TenantId.ts"
import type { UserId } from "../../values/UserId.ts"
import type { LogEntry, ReadBound, WithheldEvent } from "../RecordedEvent.ts"
import { type EventRow, smallPayload, toEntry } from "./readStatements.ts"
import { isBeingErased } from "./unfinishedErasures.ts"

/** Some users of a tenant, all of one slice, and which of their events. */
export interface UsersPart {
  readonly tenantId: TenantId
  readonly userIds: ReadonlyArray<UserId>
  readonly types: ReadonlyArray<EventType>
  /** The last position of the slice that is wanted. */
  readonly upTo: Position
}

/** A user, and a part of the user's slice: the positions after one up to another. */
export interface UserPart {
  readonly tenantId: TenantId
  readonly userId: UserId
  readonly slice: Slice
  readonly types: ReadonlyArray<EventType>
  readonly after: number
  readonly upTo: Position
}

/** A place in the order of users and positions. */
export interface UserPlace {
  readonly userId: UserId
  readonly position: Position
}

/**
 * The events of some users, user by user and each in order of position: those that follow `after`.
 * See `EventLog.lookAtUsers`.
 */
export const readUsers = (
  sql: PgClient.PgClient,
  { tenantId, types, upTo, userIds }: UsersPart,
  after: UserPlace,
  bound: ReadBound
): Effect.Effect<ReadonlyArray<LogEntry | WithheldEvent>, SqlError.SqlError> =>
  Effect.map(
    sql<EventRow>`
      select slice, position, tenant_id, user_id, event_type, occurred_at, recorded_at, payload_version, ${smallPayload(sql, bound)}
      from events
      where tenant_id = ${tenantId}::uuid and user_id = any (${arrayOf.text(userIds)}::text[]) and position <= ${BigInt(upTo)}
        and event_type = any (${arrayOf.text(types)}::text[])
        and (tenant_id, user_id) not in (select tenant_id, user_id from unfinished_erasures)
        and (user_id, position) > (${after.userId}::text collate "C", ${BigInt(after.position)})
      order by user_id, position
      limit ${bound.events}`,
    (rows) => rows.map(toEntry)
  )

/**
 * A user's events of some types in a part of the user's slice, in order of position. Reads
 * everybody's events of that part: for users who have very many.
 */
export const readUserPart = (
  sql: PgClient.PgClient,
  { after, slice, tenantId, types, upTo, userId }: UserPart,
  bound: ReadBound
): Effect.Effect<ReadonlyArray<LogEntry | WithheldEvent>, SqlError.SqlError> =>
  Effect.map(
    sql<EventRow>`
      select slice, position, tenant_id, user_id, event_type, occurred_at, recorded_at, payload_version, ${smallPayload(sql, bound)}
      from (
        select * from events
        where slice = ${slice} and position > ${BigInt(after)} and position <= ${BigInt(Math.min(upTo, after + bound.events))}
        offset 0
      ) as e
      where tenant_id = ${tenantId}::uuid and user_id = ${userId} and event_type = any (${arrayOf.text(types)}::text[])
        and not ${isBeingErased(sql, tenantId, userId)}
      order by position`,
    (rows) => rows.map(toEntry)
  )

/** Whether a user has more events than a number. It looks at no more events than that. */
export const hasMoreThan = (
  sql: PgClient.PgClient,
  { tenantId, userId }: { readonly tenantId: TenantId; readonly userId: UserId },
  events: number
): Effect.Effect<boolean, SqlError.SqlError> =>
  Effect.map(
    sql`select from events where tenant_id = ${tenantId}::uuid and user_id = ${userId} offset ${events} limit 1`,
    (rows) => rows.length > 0
  )
