import * as Result from "effect/Result"
import { createHash } from "node:crypto"
import type { AnyProjection } from "../projection/Projection.ts"
import { evaluateRows } from "./evaluate.ts"
import { evaluateSample } from "./evaluateSample.ts"
import { FailsOnSampleLog } from "./FailsOnSampleLog.ts"
import { sampleLog } from "./sampleLog.ts"
import { zoneDataOf } from "./zoneDataOf.ts"

/**
 * The scheme of the fingerprints, which each of them begins with. It is raised when what goes into
 * them changes: fingerprints of different schemes cannot be compared.
 */
const scheme = 2

/**
 * The fingerprint of a projection version: a hash of what it does.
 *
 * - Its event types, its keys and columns, which the SQL views show, and its order of users.
 * - The rows that it makes of the fixed {@link sampleLog}, and the sections that readers get of
 *   them ({@link evaluateSample}).
 *
 * Its source text is not part of it, for that changes with every comment, nor are descriptions.
 * Only code of the same fingerprint continues and shows the rows of a version.
 *
 * Fails for a version that cannot be run on the sample log, and says why.
 */
export const tryFingerprint = (projection: AnyProjection): Result.Result<string, FailsOnSampleLog> => {
  const known = fingerprints.get(projection)
  if (known !== undefined) return known
  const made = Result.try({
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
  fingerprints.set(projection, made)
  return made
}

/** Whether a version cannot be run on the sample log. */
export const failsOnSampleLog = (projection: AnyProjection): boolean => Result.isFailure(tryFingerprint(projection))

/** The fingerprint of a version that can be run, as all versions of the catalog can. */
export const fingerprint = (projection: AnyProjection): string => Result.getOrThrow(tryFingerprint(projection))

/**
 * The fingerprint by the first scheme, which had no number: of the declaration, and of the rows of
 * the whole sample log in two zones, without sections.
 *
 * A database of the first releases has these, and is compared by them once. It never changes.
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

/** By version, for they are asked for often and never change. */
const fingerprints = new WeakMap<AnyProjection, Result.Result<string, FailsOnSampleLog>>()

const withoutDescriptions = (totals: AnyProjection["totals"]) =>
  totals === undefined ? null : {
    key: totals.key,
    columns: Object.entries(totals.columns).map(([name, { description: _, ...column }]) => [name, column])
  }
