import * as Result from "effect/Result"
import { createHash } from "node:crypto"
import type { AnyProjection } from "../projection/Projection.ts"
import { evaluateRows } from "./evaluate.ts"
import { evaluateSample } from "./evaluateSample.ts"
import { FailsOnSampleLog } from "./FailsOnSampleLog.ts"
import { sampleLog } from "./sampleLog.ts"
import { zoneDataOf } from "./zoneDataOf.ts"

/**
 * The scheme by which identities are made. It begins each of them, and is raised when what goes
 * into them changes: identities of other schemes say nothing about each other.
 */
const scheme = 2

/**
 * What a projection version is, as a hash: its event types, its keys and columns, of which the SQL
 * views are made, its order of users, the rows it makes of the fixed {@link sampleLog} and the
 * sections that readers get of them ({@link evaluateSample}). Not its source text, which changes
 * with every comment, nor descriptions. Rows of a version are only ever continued, and shown, by
 * code of the same identity.
 *
 * A version that cannot be run on the sample log has none: the failure says why.
 */
export const tryFingerprint = (projection: AnyProjection): Result.Result<string, FailsOnSampleLog> => {
  const known = identities.get(projection)
  if (known !== undefined) return known
  const identity = Result.try({
    try: () => {
      const { ranking, separateDocument } = projection
      const order = ranking === undefined ? null : [ranking.score, ranking.reachedAt]
      const sample = evaluateSample(projection)
      return `${scheme}:${sha256([declaredBy(projection), order, separateDocument === true, sample, zoneDataOf(projection)])}`
    },
    catch: (error) => {
      if (error instanceof FailsOnSampleLog) return error
      throw error
    }
  })
  identities.set(projection, identity)
  return identity
}

/** Whether a version cannot be run on the sample log. */
export const failsOnSampleLog = (projection: AnyProjection): boolean => Result.isFailure(tryFingerprint(projection))

/** The identity of a version that can be run, as all are that the catalog gives out. */
export const fingerprint = (projection: AnyProjection): string => Result.getOrThrow(tryFingerprint(projection))

/**
 * The identity by the first scheme, which had no number and knew nothing of sections: the
 * declaration and the rows of the whole sample log, in two zones. What a database has kept since is
 * compared by it once more. It stays what it was for good.
 */
export const firstFingerprint = (projection: AnyProjection): string => {
  const rows = ["UTC", "America/New_York"].map((timeZone) => evaluateRows(projection, sampleLog, { timeZone }))
  const { ranking } = projection
  const [events, entities, totals] = declaredBy(projection)
  const declared = { events, entities, totals, ...ranking === undefined ? {} : { ranking: [ranking.score, ranking.reachedAt] } }
  return sha256([declared, rows])
}

const declaredBy = ({ entities, events, totals }: AnyProjection) => [events, entities, withoutDescriptions(totals)] as const

const sha256 = (value: unknown): string => createHash("sha256").update(JSON.stringify(value)).digest("hex")

/** Asked for again and again, of values that never change. */
const identities = new WeakMap<AnyProjection, Result.Result<string, FailsOnSampleLog>>()

const withoutDescriptions = (totals: AnyProjection["totals"]) =>
  totals === undefined ? null : {
    key: totals.key,
    columns: Object.entries(totals.columns).map(([name, { description: _, ...column }]) => [name, column])
  }
