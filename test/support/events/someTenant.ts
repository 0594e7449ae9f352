import type { Tenant } from "../../../src/tenants/Tenant.ts"
import { TenantId } from "../../../src/values/TenantId.ts"

/** A tenant for what needs no database. */
export const someTenant: Tenant = {
  tenantId: TenantId("7c9e6679-7425-40de-944b-e07fc1f90ae7"),
  name: "t",
  timeZone: "UTC",
  weekStart: 1,
  keyNamespace: "f47ac10b-58cc-4372-a567-0e02b2c3d479"
}
