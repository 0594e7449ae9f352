import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { JobOutcome, JobProgress, Work } from "../../jobs/JobMessage.ts"
import { userKey } from "../../jobs/userKey.ts"
import { describeFinding } from "../../projections/versions/describeFinding.ts"
import { ProjectionVersions, type RebuiltUser } from "../../projections/versions/ProjectionVersions.ts"
import type { RebuildProgress } from "../../projections/versions/rebuild.ts"
import type { RebuiltVersion } from "../../projections/versions/rebuildVersions.ts"
import type { Finding, VerifiedVersion } from "../../projections/versions/verifyVersion.ts"
import { known } from "../../values/known.ts"
import { TenantId } from "../../values/TenantId.ts"
import { UserId } from "../../values/UserId.ts"
import type { DiffReport, RebuildReport, UnparkReport, VerifyReport } from "./JobReports.ts"

const version = { name: Schema.String, version: Schema.Int }

/** What the jobs of the console are, and what each is told. */
export const ConsoleWork = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("rebuild"), input: Schema.Struct(version) }),
  Schema.Struct({ kind: Schema.Literal("diff"), input: Schema.Struct({ ...version, sample: Schema.optionalKey(Schema.Number) }) }),
  Schema.Struct({ kind: Schema.Literal("verify"), input: Schema.Struct(version) }),
  Schema.Struct({
    kind: Schema.Literal("unpark"),
    input: Schema.Struct({ name: Schema.String })
  })
])
export type ConsoleWork = typeof ConsoleWork.Type

/** The findings of a verification that are kept. */
const mostFindings = 50

type OnProgress = (progress: JobProgress) => void

/** Does a job of the console. */
export const runJob = Effect.fnUntraced(function*(work: Work, onProgress: OnProgress) {
  const job = yield* Effect.orDie(Schema.decodeUnknownEffect(ConsoleWork)(work))
  switch (job.kind) {
    case "rebuild":
      return yield* rebuild(job.input, onProgress)
    case "diff":
      return yield* diff(job.input, onProgress)
    case "verify":
      return yield* verify(job.input, onProgress)
    case "unpark":
      return yield* unpark(job.input.name, onProgress)
  }
})

type Input<Kind extends ConsoleWork["kind"]> = Extract<ConsoleWork, { readonly kind: Kind }>["input"]

const folding = (onProgress: OnProgress, phase: string) => (progress: RebuildProgress) =>
  Effect.sync(() => onProgress({ phase, unit: "events", ...progress }))

const rebuild = Effect.fnUntraced(function*(input: Input<"rebuild">, onProgress: OnProgress) {
  let rebuilt: RebuiltVersion | undefined
  yield* (yield* ProjectionVersions).rebuild([input], {
    onProgress: folding(onProgress, "Folding the log"),
    onRebuilt: (version) => Effect.sync(() => void (rebuilt = version))
  })
  const { activeVersion, done, isFirst, total } = known(rebuilt, "version that was rebuilt")
  return outcomeOf<RebuildReport>({ done, total, activeVersion, isFirst })
})

const diff = Effect.fnUntraced(function*({ sample, ...version }: Input<"diff">, onProgress: OnProgress) {
  const { after, before, changedSources, diff } = yield* (yield* ProjectionVersions).diff(version, {
    sample,
    onProgress: folding(onProgress, "Folding the log for the sample"),
    onCompared: (compared) => Effect.sync(() => onProgress({ phase: "Comparing users", unit: "slices", ...compared }))
  })
  const report: DiffReport = {
    before: before.version,
    after: after.version,
    ...sample === undefined ? {} : { sample },
    diff,
    changedSources: changedSources.map(({ name, version }) => ({ name, version }))
  }
  return outcomeOf(report, [...diff.largest, ...diff.sections.paths.flatMap(({ sample }) => sample)])
})

const verify = Effect.fnUntraced(function*(version: Input<"verify">, onProgress: OnProgress) {
  const first: Array<Finding> = []
  let verified: VerifiedVersion | undefined
  yield* (yield* ProjectionVersions).verify(version, {
    onSlice: (slices) => Effect.sync(() => onProgress({ phase: "Folding the log beside the rows", unit: "slices", ...slices })),
    onFinding: (_, finding) => Effect.sync(() => first.length < mostFindings && first.push(finding)),
    onVerified: (version) => Effect.sync(() => void (verified = version))
  })
  const { events, findings, parked, users } = known(verified, "version that was verified")
  return outcomeOf<VerifyReport>({ events, users, parked, findings, first: first.map(describeFinding) }, first.flatMap(usersOf))
})

const usersOf = (finding: Finding) =>
  finding._tag === "Difference" ? [finding.difference] : finding._tag === "RowsWithoutEvents" ? [finding.user] : []

const unpark = Effect.fnUntraced(function*(name: string, onProgress: OnProgress) {
  const { parked, unpark } = yield* ProjectionVersions
  const total = (yield* parked(name)).length
  let done = 0
  return outcomeOf<UnparkReport>(
    yield* unpark(
      name,
      (_: RebuiltUser) => Effect.sync(() => onProgress({ phase: "Folding the events of parked users", unit: "users", done: ++done, total }))
    )
  )
})

interface NamedUser {
  readonly tenantId: string
  readonly userId: string
}

const outcomeOf = <Report>(outcome: Report, named: ReadonlyArray<NamedUser> = []): JobOutcome => ({
  outcome,
  named: [...new Set(named.map(({ tenantId, userId }) => userKey({ tenantId: TenantId(tenantId), userId: UserId(userId) })))]
})
