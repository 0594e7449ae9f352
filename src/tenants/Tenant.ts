import type { TenantId } from "../values/TenantId.ts"
/** A brand with its own players and keys. It sees nothing of other tenants. */
export interface Tenant {
  readonly tenantId: TenantId
  readonly name: string
  /** IANA name of the zone in which the tenant's days begin. */
  readonly timeZone: string
  /** 1 (Monday) to 7. */
  readonly weekStart: number
  /** The secret namespace of the tenant's idempotency keys (docs/design.md#idempotency). */
  readonly keyNamespace: string
}

/** What a key permits. */
export type Scope = "ingest" | "read" | "admin"
