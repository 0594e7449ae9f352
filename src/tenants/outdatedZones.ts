import { zoneProblem } from "../values/zones/zoneProblem.ts"
import type { Tenant } from "./Tenant.ts"

/**
 * One line for each tenant whose zone could not be given to a new tenant.
 *
 * It is an offset, an abbreviation or another spelling, which earlier releases took. The days of
 * such a tenant stay as they are.
 */
export const outdatedZones = (tenants: ReadonlyArray<Tenant>): ReadonlyArray<string> =>
  tenants.flatMap(({ name, timeZone }) => {
    const problem = zoneProblem(timeZone)
    return problem === undefined ? [] : [
      `The zone of tenant "${name}" goes on working, and cannot be given any more: ${problem} \`tenants set-zone\` changes it.`
    ]
  })
