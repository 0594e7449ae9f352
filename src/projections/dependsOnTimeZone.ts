import { evaluateRows } from "./evaluate.ts"
import type { AnyProjection } from "./Projection.ts"
import { sampleLog } from "./sampleLog.ts"

/**
 * Whether the rows of a version depend on the tenant's zone: whether its fold asks for the zone anywhere in the {@link sampleLog}, which has events of
 * every kind. There is nothing to declare, and so nothing to forget.
 */
export const dependsOnTimeZone = (projection: AnyProjection): boolean => asksFor(projection, "timeZone")

/** Whether the rows of a version depend on the first day of the tenant's week, told in the same way. */
export const dependsOnWeekStart = (projection: AnyProjection): boolean => asksFor(projection, "weekStart")

const asksFor = (projection: AnyProjection, name: "timeZone" | "weekStart"): boolean => {
  let asked = false
  evaluateRows(projection, sampleLog, {
    get timeZone() {
      asked ||= name === "timeZone"
      return "UTC"
    },
    get weekStart() {
      asked ||= name === "weekStart"
      return 1
    }
  })
  return asked
}
