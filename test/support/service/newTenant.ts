import * as Effect from "effect/Effect"
import { Tenants } from "../../../src/tenants/Tenants.ts"

let tenants = 0

/** Makes a tenant, whose name is in no other tenant's way unless one is given. */
export const newTenant = (name = `tenant ${++tenants}`, timeZone = "UTC", weekStart?: number) =>
  Effect.flatMap(Tenants, ({ create }) => create(name, timeZone, weekStart))
