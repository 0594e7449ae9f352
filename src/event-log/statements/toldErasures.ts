import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import type { Slice } from "../../values/Slice.ts"
import type { TenantId } from "../../values/TenantId.ts"
import { refOf } from "../pseudonym.ts"

/**
 * An erasure as readers are told of it: erasures have numbers in the order in which they are seen,
 * and a user's last one counts.
 */
export interface ToldErasure {
  readonly erasure: number
  readonly ref: string
  readonly slice: Slice
}

/** A tenant's erasures after one, in order. */
export const erasuresAfter = (
  sql: PgClient.PgClient,
  tenantId: TenantId,
  after: number,
  limit: number
): Effect.Effect<ReadonlyArray<ToldErasure>, SqlError.SqlError> =>
  Effect.map(
    sql<{ erasure: bigint; pseudonym: string; slice: Slice }>`
      select erasure, pseudonym, slice from erased_users
      where tenant_id = ${tenantId}::uuid and erasure > ${BigInt(after)} order by erasure limit ${limit}`,
    (rows) => rows.map(({ erasure, pseudonym, slice }) => ({ erasure: Number(erasure), ref: refOf(pseudonym), slice }))
  )

/** The tenants with erasures after one. */
export const tenantsErasing = (sql: PgClient.PgClient, after: number): Effect.Effect<ReadonlySet<string>, SqlError.SqlError> =>
  Effect.map(
    sql<{ tenant_id: TenantId }>`select distinct tenant_id from erased_users where erasure > ${BigInt(after)}`,
    (rows) => new Set(rows.map(({ tenant_id }) => tenant_id))
  )
