import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Partitions } from "../../../src/partitions/Partitions.ts"
import { Tenants } from "../../../src/tenants/Tenants.ts"

let tenants = 0

/**
 * Makes a tenant, each time another one if it is not given a name. Every partition knows it, also
 * for tests that append to the log themselves.
 */
export const newTenant = (name?: string, timeZone = "UTC", weekStart?: number) =>
  Effect.gen(function*() {
    const tenant = yield* (yield* Tenants).create(name ?? `tenant ${++tenants}`, timeZone, weekStart)
    const partitions = yield* Effect.serviceOption(Partitions)
    if (Option.isSome(partitions)) yield* Effect.orDie(partitions.value.knowTenant(tenant.tenantId))
    return tenant
  })
