import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import type { TenantId } from "../values/TenantId.ts"
import { pseudonymOf, tagOf, tagStart } from "./pseudonym.ts"
import type { NewEvent } from "./RecordedEvent.ts"

/**
 * An event of a user who was erased, as it would stand in the log if it was erased too. `ord` is
 * its place in the input, from 1.
 */
export interface PerhapsErased {
  readonly ord: number
  readonly tenantId: TenantId
  readonly pseudonym: string
  readonly idempotencyKey: string
}

/**
 * What a process knows of erased users: enough to tell in nanoseconds that a user was never erased.
 *
 * It need not know of every erasure. An append says up to which erasure the process knows. The
 * database has the last erasure of each slice in its head, and answers if there are later ones.
 */
export class ErasedUsers {
  private readonly tenants = new Map<string, { readonly namespace: string; readonly start: number; readonly tags: Set<number> }>()
  private forgotten = 0
  /** The last erasure that is known here. */
  known = 0n

  /** The events whose users may have been erased; nearly always none. */
  among(events: ReadonlyArray<NewEvent>): ReadonlyArray<PerhapsErased> {
    if (this.tenants.size === 0) return nobody
    const found: Array<PerhapsErased> = []
    // A user's events come one after another.
    let last: NewEvent | undefined
    let pseudonym: string | undefined
    events.forEach((event, index) => {
      if (last === undefined || event.userId !== last.userId || event.tenantId !== last.tenantId) pseudonym = this.pseudonymOf(event)
      last = event
      if (pseudonym !== undefined) {
        found.push({ ord: index + 1, tenantId: event.tenantId, pseudonym, idempotencyKey: event.idempotencyKey })
      }
    })
    return found
  }

  /**
   * Knows of nobody any more: the database has lost erasures, and gives their numbers to others.
   */
  forget(): void {
    this.tenants.clear()
    this.known = 0n
    this.forgotten++
  }

  /** Hears of the erasures up to one that the database has named, and of any since. */
  load(sql: PgClient.PgClient, erasure: bigint): Effect.Effect<void, SqlError.SqlError> {
    const { forgotten } = this
    return Effect.map(
      sql<{ erasure: bigint; tenant_id: TenantId; tag: number; key_namespace: string }>`
        select erasure, tenant_id, tag, key_namespace from erased_users join tenants using (tenant_id)
        where erasure > ${this.known} order by erasure`,
      (rows) => {
        // What was asked before may have been answered by a server that had other erasures.
        if (forgotten !== this.forgotten) return
        for (const row of rows) this.add(row.tenant_id, row.key_namespace, row.tag)
        const last = rows.at(-1)?.erasure ?? 0n
        for (const seen of [erasure, last]) if (seen > this.known) this.known = seen
      }
    )
  }

  private add(tenantId: TenantId, namespace: string, tag: number): void {
    const tenant = this.tenants.get(tenantId) ?? { namespace, start: tagStart(namespace), tags: new Set() }
    this.tenants.set(tenantId, tenant)
    tenant.tags.add(tag)
  }

  private pseudonymOf({ tenantId, userId }: NewEvent): string | undefined {
    const tenant = this.tenants.get(tenantId)
    return tenant?.tags.has(tagOf(tenant.start, userId)) === true ? pseudonymOf(tenant.namespace, userId) : undefined
  }
}

const nobody: ReadonlyArray<PerhapsErased> = []
