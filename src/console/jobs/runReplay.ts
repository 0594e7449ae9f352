import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { reasons } from "../../ingest/rejected/keptRejections.ts"
import { RejectedReplay } from "../../ingest/rejected/RejectedReplay.ts"
import type { JobOutcome, JobProgress, Work } from "../../jobs/JobMessage.ts"
import { Tenants } from "../../tenants/Tenants.ts"

/** A replay of rejected items: of one, of a reason, or of all. */
export const ReplayWork = Schema.Struct({
  kind: Schema.Literal("replay"),
  input: Schema.Struct({
    tenant: Schema.String,
    reason: Schema.optionalKey(Schema.Literals(reasons)),
    hash: Schema.optionalKey(Schema.String)
  })
})
export type ReplayWork = typeof ReplayWork.Type

/** What became of rejected items. */
export interface ReplayOutcome {
  readonly stored: number
  readonly duplicates: number
  readonly refusedAgain: number
  readonly cut: number
}

/** Replays rejected items of a tenant. The outcome counts, and says nothing of their content. */
export const runReplay = Effect.fnUntraced(function*(work: Work, onProgress: (progress: JobProgress) => void) {
  const { input: { tenant: name, ...selection } } = yield* Effect.orDie(Schema.decodeUnknownEffect(ReplayWork)(work))
  const tenant = yield* (yield* Tenants).get(name)
  const { count, replay } = yield* RejectedReplay
  const total = yield* count(tenant, selection)
  const { cut, duplicates, refused, stored } = yield* replay(
    tenant,
    selection,
    ({ looked }) => onProgress({ phase: "Replaying items", unit: "items", done: Math.min(looked, total), total })
  )
  const outcome: ReplayOutcome = { stored, duplicates, cut, refusedAgain: [...refused.values()].reduce((sum, items) => sum + items, 0) }
  return { outcome, named: [] } satisfies JobOutcome
})
