import { createHash } from "node:crypto"
import { evaluateRows } from "./evaluate.ts"
import type { AnyProjection } from "./Projection.ts"
import { sampleLog } from "./sampleLog.ts"
import { zoneDataOf } from "./zoneDataOf.ts"

/**
 * What a projection version does, as a hash: its columns, its event types and the rows it makes of the fixed {@link sampleLog}, in two zones. Not of its
 * source text, which changes with every comment. Rows of a version are only ever continued by code of the same identity.
 */
export const identityOf = (projection: AnyProjection): string => {
  const known = identities.get(projection)
  if (known !== undefined) return known
  const rows = ["UTC", "America/New_York"].map((timeZone) => evaluateRows(projection, sampleLog, { timeZone }))
  const { ranking } = projection
  const zones = zoneDataOf(projection)
  const declared = {
    events: projection.events,
    entities: projection.entities,
    totals: withoutDescriptions(projection.totals),
    ...ranking === undefined ? {} : { ranking: [ranking.score, ranking.reachedAt] },
    ...zones === null ? {} : { zones }
  }
  const identity = createHash("sha256").update(JSON.stringify([declared, rows])).digest("hex")
  identities.set(projection, identity)
  return identity
}

/** Asked for again and again, of values that never change. */
const identities = new WeakMap<AnyProjection, string>()

const withoutDescriptions = (totals: AnyProjection["totals"]) =>
  totals === undefined ? null : {
    key: totals.key,
    columns: Object.entries(totals.columns).map(([name, { description: _, ...column }]) => [name, column])
  }
