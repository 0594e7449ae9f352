import type { TenantId } from "../values/TenantId.ts"
/** A part of a budget in use. */
export interface Ticket {
  /** Gives it back; a second call does nothing. */
  readonly release: () => void
}

/**
 * The share of the process's budgets that one tenant may take, so that it cannot shut others out.
 */
export const tenantShare = 0.75

/**
 * A number that the tenants of the process share, each up to {@link tenantShare}. It never waits.
 */
export class Budget {
  taken = 0
  private readonly byTenant = new Map<string, number>()
  private readonly size: number

  constructor(size: number) {
    this.size = size
  }

  /** Takes a part. Undefined if the process or the tenant has too little left. */
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
