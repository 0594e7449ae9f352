import type { AnyProjection } from "../projection/Projection.ts"
import { evaluate } from "./evaluate.ts"
import { sampleLog } from "./sampleLog.ts"

/**
 * The version of the zone data that a projection's rows or section are made with: what is part of
 * its fingerprint. Null if neither asks for the tenant's zone, and for data that nothing pins.
 */
export const zoneDataOf = (projection: AnyProjection): string | null => {
  let asked = false
  evaluate(projection, sampleLog, {
    get timeZone() {
      asked = true
      return "UTC"
    },
    now: 0
  })
  return asked ? projection.zones.version : null
}
