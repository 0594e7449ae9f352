import { Command, Flag } from "effect/cli"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { AppendSignal } from "../event-log/AppendSignal.ts"
import { EventLog } from "../event-log/EventLog.ts"
import { Admission } from "../ingest/Admission.ts"
import { Ingest } from "../ingest/Ingest.ts"
import { reasons } from "../ingest/rejected/keptRejections.ts"
import { RejectedEvents } from "../ingest/rejected/RejectedEvents.ts"
import { foreseeingProcessors, RejectedReplay, type ReplayReport } from "../ingest/rejected/RejectedReplay.ts"
import { SliceWriters } from "../ingest/SliceWriters.ts"
import { UserProcessors } from "../ingest/UserProcessors.ts"
import { overPartitions } from "../partitions/overPartitions.ts"
import { processorsOnly, spreadProcessors } from "../partitions/spreadIngestion.ts"
import { spreadEventLog } from "../partitions/spreadLog.ts"
import { Tenants } from "../tenants/Tenants.ts"
import { checkedDatabase } from "./checkedDatabase.ts"
import { explained } from "./CommandFailed.ts"
import { nameArgument } from "./nameArgument.ts"
import { print } from "./print.ts"
import { printable } from "./printable.ts"
import { withProgress } from "./progress.ts"
import { failedIfStopped } from "./stopOnSignal.ts"

const log = Layer.mergeAll(EventLog.layer, AppendSignal.layer)
const processors = UserProcessors.layer.pipe(Layer.provide(SliceWriters.layer), Layer.provideMerge(log))
const foreseeing = Layer.merge(foreseeingProcessors, EventLog.layer)
/** The way of a request. It keeps no refused item, because the item is kept already. */
const ingest = Ingest.layer.pipe(Layer.provide([RejectedEvents.layerNone, Admission.layer]))

const replayLayer = Layer.merge(RejectedReplay.layer, Tenants.layer).pipe(
  Layer.provide(ingest),
  Layer.provide(overPartitions(
    processors,
    (set) => Context.make(UserProcessors, spreadProcessors(set)).pipe(Context.add(EventLog, spreadEventLog(set)))
  )),
  Layer.provide(checkedDatabase)
)
const dryRunLayer = Layer.merge(RejectedReplay.layerDryRun, Tenants.layer).pipe(
  Layer.provide(ingest),
  Layer.provide(overPartitions(
    foreseeing,
    (set) => Context.make(UserProcessors, processorsOnly(set)).pipe(Context.add(EventLog, spreadEventLog(set)))
  )),
  Layer.provide(checkedDatabase)
)

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
