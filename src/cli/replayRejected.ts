import { Command, Flag } from "effect/cli"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { reasons } from "../ingest/rejected/keptRejections.ts"
import { RejectedReplay, type ReplayReport } from "../ingest/rejected/RejectedReplay.ts"
import { dryRunOverPartitions, replayOverPartitions } from "../partitions/spreadReplay.ts"
import { Tenants } from "../tenants/Tenants.ts"
import { checkedDatabase } from "./checkedDatabase.ts"
import { explained } from "./CommandFailed.ts"
import { nameArgument } from "./nameArgument.ts"
import { print } from "./print.ts"
import { printable } from "./printable.ts"
import { withProgress } from "./progress.ts"
import { failedIfStopped } from "./stopOnSignal.ts"

const replayLayer = Layer.merge(replayOverPartitions, Tenants.layer).pipe(Layer.provide(checkedDatabase))
const dryRunLayer = Layer.merge(dryRunOverPartitions, Tenants.layer).pipe(Layer.provide(checkedDatabase))

/** The most reasons that are shown. */
const maxShown = 20

const linesOf = (
  { cut, duplicates, others, refused, stored }: ReplayReport,
  { isDryRun }: { readonly isDryRun: boolean }
): ReadonlyArray<string> => {
  const reasonsByCount = [...refused].sort(([, a], [, b]) => b - a)
  const again = reasonsByCount.reduce((sum, [, count]) => sum + count, 0)
  return [
    isDryRun ? "Nothing was changed. This is what would become of the rejected items:" : "The rejected items were replayed:",
    `  stored         ${stored}${isDryRun ? "" : stored === 1 ? "; it is kept no longer" : "; they are kept no longer"}`,
    `  duplicates     ${duplicates}, which the log has already${isDryRun ? "" : "; kept no longer"}`,
    `  refused again  ${again}${isDryRun || again === 0 ? "" : ", with their new reasons"}`,
    ...reasonsByCount.slice(0, maxShown).map(([reason, count]) => `    ${String(count).padStart(9)}  ${printable(reason)}`),
    ...reasonsByCount.length > maxShown ? [`    ${reasonsByCount.length - maxShown} more reasons: \`rejected list\` shows them`] : [],
    `  cut            ${cut} of which only the beginning was kept: their sender has to send them again`,
    ...others === 0 ? [] : [`  other kinds    ${others} left alone`]
  ]
}

const time = (name: string, description: string) => Flag.Date(name).pipe(Flag.withDescription(description), Flag.optional)

/** `rejected replay`: sends kept items the way of a request again. */
export const replayRejected = Command.make(
  "replay",
  {
    tenant: nameArgument("tenant", "Name of the tenant"),
    reason: Flag.Literals("reason", reasons).pipe(Flag.withDescription("Only items refused for this reason"), Flag.optional),
    kind: Flag.String("kind").pipe(Flag.withDescription("Only items with this event, such as realtime-casino"), Flag.optional),
    since: time("since", "Only items last refused at this time or later, such as 2026-11-20T00:00:00Z"),
    until: time("until", "Only items last refused before this time"),
    dryRun: Flag.Boolean("dry-run").pipe(Flag.withDescription("Change nothing, and show what would happen"), Flag.withDefault(false))
  },
  Effect.fnUntraced(
    function*({ dryRun: isDryRun, tenant: name, ...flags }) {
      const selection = {
        reason: Option.getOrUndefined(flags.reason),
        kind: Option.getOrUndefined(flags.kind),
        since: Option.getOrUndefined(flags.since),
        until: Option.getOrUndefined(flags.until)
      }
      yield* Effect.gen(function*() {
        const tenant = yield* (yield* Tenants).get(name)
        const replay = yield* RejectedReplay
        const total = yield* replay.count(tenant, selection)
        const { value } = yield* withProgress(
          (onProgress) => replay.replay(tenant, selection, ({ looked }) => onProgress({ done: Math.min(looked, total), total })),
          "items"
        )
        yield* print(...linesOf(value, { isDryRun }))
      }).pipe(Effect.provide(isDryRun ? dryRunLayer : replayLayer))
    },
    failedIfStopped,
    explained
  )
).pipe(
  Command.withDescription(
    "Send rejected items through the decoder again, after a fix; safe while the service runs, and to repeat when it was cut off"
  ),
  Command.withExamples([
    { command: "rejected replay brand-a --dry-run", description: "What would happen" },
    {
      command: "rejected replay brand-a --reason invalid --kind realtime-sports-bet --since 2026-11-20T00:00:00Z",
      description: "Only the invalid sports bets since a date"
    }
  ])
)
