import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Partitions } from "../../../src/partitions/Partitions.ts"
import { Tenants } from "../../../src/tenants/Tenants.ts"

let tenants = 0

/**
 * Makes a tenant, each time another one if it is not given a name.
 *
 * All partitions know it, as they do after a request: many tests append to the log itself.
 */
export const newTenant = Effect.fnUntraced(function*(name?: string, timeZone = "UTC", weekStart?: number) {
  const { create } = yield* Tenants
  const tenant = yield* create(name ?? `tenant ${++tenants}`, timeZone, weekStart)
  const partitions = yield* Effect.serviceOption(Partitions)
  if (Option.isSome(partitions)) yield* Effect.orDie(partitions.value.knowTenant(tenant.tenantId))
  return tenant
})
