import type { VersionRef } from "../../projections/feed/VersionRef.ts"
import type { VersionDiff } from "../../projections/versions/diffVersions.ts"

/** What came of a rebuild. */
export interface RebuildReport {
  readonly done: number
  readonly total: number
  readonly activeVersion: number
  readonly isFirst: boolean
}

/** What a comparison with the active version has found. */
export interface DiffReport {
  readonly before: number
  readonly after: number
  /** The part of the users that was compared; all if it is left out. */
  readonly sample?: number
  readonly diff: VersionDiff
  /** Versions whose source changed since their rows were known to agree with it. */
  readonly changedSources: ReadonlyArray<VersionRef>
}

/** What a verification has found. */
export interface VerifyReport {
  readonly events: number
  readonly users: number
  readonly parked: number
  readonly findings: number
  /** The first findings, in words. */
  readonly first: ReadonlyArray<string>
}

/** What became of parked users. */
export interface UnparkReport {
  readonly freed: number
  readonly stillParked: number
}
