import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { arrayOf } from "../../database/arrayOf.ts"
import type { Slice } from "../../values/Slice.ts"
import type { TenantId } from "../../values/TenantId.ts"
import type { UserId } from "../../values/UserId.ts"
import type { ErasedEvent, SlicePosition } from "../RecordedEvent.ts"

/*
 * A user whose erasure has begun and has not ended reads as erased: what the log still has of the
 * user is nobody's to see.
 */

/** SQL that is true while a user is being erased. */
export const isBeingErased = (sql: PgClient.PgClient, tenantId: TenantId, userId: UserId) =>
  sql`exists (select from unfinished_erasures as x where x.tenant_id = ${tenantId}::uuid and x.user_id = ${userId})`

/**
 * Whether anybody is being erased: a copy of the log made meanwhile would have some of the user's
 * events.
 */
export const isAnyBeingErased = (sql: PgClient.PgClient): Effect.Effect<boolean, SqlError.SqlError> =>
  Effect.map(sql<{ found: boolean }>`select exists (select from unfinished_erasures) as found`, ([row]) => row?.found === true)

/** Where an event of the log stands, and whose it is. */
interface Place extends SlicePosition {
  readonly tenantId: TenantId
  readonly userId: UserId
  readonly recordedAt: number
}

/**
 * What is read of some slices, with the events of users who are being erased as erased ones. An
 * erasure begins and ends under the checkpoints of its slice: a reader that holds these finds the
 * same users in every read.
 */
export const hidingErasures = <E extends Place>(
  sql: PgClient.PgClient,
  of: ReadonlyArray<SlicePosition>,
  read: Effect.Effect<ReadonlyArray<E>, SqlError.SqlError>
): Effect.Effect<ReadonlyArray<E | ErasedEvent>, SqlError.SqlError> =>
  Effect.flatMap(usersBeingErased(sql, of.map(({ slice }) => slice)), (users) =>
    users.length === 0
      ? read
      : Effect.map(read, (events): ReadonlyArray<E | ErasedEvent> =>
        events.map((event) => users.some((user) => isOf(user, event)) ? erased(event) : event)))

const usersBeingErased = (sql: PgClient.PgClient, slices: ReadonlyArray<Slice>) =>
  sql<{ tenant_id: TenantId; user_id: UserId }>`
    select tenant_id, user_id from unfinished_erasures where slice = any (${arrayOf.int2(slices)}::smallint[])`

const isOf = (user: { readonly tenant_id: TenantId; readonly user_id: UserId }, { tenantId, userId }: Place): boolean =>
  user.user_id === userId && user.tenant_id === tenantId

const erased = ({ position, recordedAt, slice, tenantId, userId }: Place): ErasedEvent => ({
  slice,
  position,
  tenantId,
  userId,
  recordedAt,
  event: null
})
