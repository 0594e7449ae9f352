import * as Effect from "effect/Effect"
import { Tenants } from "../../../src/tenants/Tenants.ts"

let tenants = 0

/** Makes a tenant, each time another one if it is not given a name. */
export const newTenant = (name?: string, timeZone = "UTC", weekStart?: number) =>
  Effect.flatMap(Tenants, ({ create }) => create(name ?? `tenant ${++tenants}`, timeZone, weekStart))
