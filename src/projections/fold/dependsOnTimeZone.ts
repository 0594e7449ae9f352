import type { AnyProjection } from "../projection/Projection.ts"
import { evaluateRows } from "./evaluate.ts"
import { sampleLog } from "./sampleLog.ts"

/**
 * Whether the rows of a version depend on the tenant's zone: whether its fold asks for the zone
 * anywhere in the {@link sampleLog}, which has events of every kind. There is nothing to declare,
 * and so nothing to forget.
 */
export const dependsOnTimeZone = (projection: AnyProjection): boolean => askedBy(projection).has("timeZone")

/**
 * Whether the rows of a version depend on the first day of the tenant's week, which is found out in
 * the same way.
 */
export const dependsOnWeekStart = (projection: AnyProjection): boolean => askedBy(projection).has("weekStart")

const askedBy = (projection: AnyProjection): ReadonlySet<string> => {
  const known = asked.get(projection)
  if (known !== undefined) return known
  const names = new Set<string>()
  evaluateRows(projection, sampleLog, {
    get timeZone() {
      names.add("timeZone")
      return "UTC"
    },
    get weekStart() {
      names.add("weekStart")
      return 1
    }
  })
  asked.set(projection, names)
  return names
}

/** Of projections that were asked about: they never change. */
const asked = new WeakMap<AnyProjection, ReadonlySet<string>>()
