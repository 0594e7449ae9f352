import type { TenantId } from "../values/TenantId.ts"
/** A part of a budget that is in use. */
export interface Ticket {
  /** Gives it back; a second call does nothing. */
  readonly release: () => void
}

/**
 * A tenant may take three quarters of what the process has, so that one cannot shut the others out.
 */
export const tenantShare = 0.75

/**
 * A size that all tenants of the process take parts of, each tenant at most its share. It never
 * waits.
 */
export class Budget {
  taken = 0
  private readonly byTenant = new Map<string, number>()
  private readonly size: number

  constructor(size: number) {
    this.size = size
  }

  /** Takes a part; undefined if there is not enough left for the process or the tenant. */
  take(tenantId: TenantId, count: number): Ticket | undefined {
    const tenant = this.byTenant.get(tenantId) ?? 0
    if (this.taken + count > this.size || tenant + count > this.size * tenantShare) return undefined
    this.add(tenantId, count)
    let held = true
    return {
      release: () => {
        if (held) this.add(tenantId, -count)
        held = false
      }
    }
  }

  private add(tenantId: TenantId, count: number): void {
    this.taken += count
    const tenant = (this.byTenant.get(tenantId) ?? 0) + count
    if (tenant === 0) this.byTenant.delete(tenantId)
    else this.byTenant.set(tenantId, tenant)
  }
}
