import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import { AppendSignal } from "../event-log/AppendSignal.ts"
import { EventLog } from "../event-log/EventLog.ts"
import { Admission } from "../ingest/Admission.ts"
import { Ingest } from "../ingest/Ingest.ts"
import { RejectedEvents } from "../ingest/rejected/RejectedEvents.ts"
import { foreseeingProcessors, RejectedReplay } from "../ingest/rejected/RejectedReplay.ts"
import { SliceWriters } from "../ingest/SliceWriters.ts"
import { UserProcessors } from "../ingest/UserProcessors.ts"
import { overPartitions } from "./overPartitions.ts"
import { processorsOnly, spreadProcessors } from "./spreadIngestion.ts"
import { spreadEventLog } from "./spreadLog.ts"

const log = Layer.mergeAll(EventLog.layer, AppendSignal.layer)
const processors = UserProcessors.layer.pipe(Layer.provide(SliceWriters.layer), Layer.provideMerge(log))
const foreseeing = Layer.merge(foreseeingProcessors, EventLog.layer)
/** The way of a request. It keeps no refused item, because the item is kept already. */
const ingest = Ingest.layer.pipe(Layer.provide([RejectedEvents.layerNone, Admission.layer]))

/**
 * `RejectedReplay` over the partitions, with processors of its own. It is for a command, or for a
 * thread that does nothing else: no limit of a request applies.
 */
export const replayOverPartitions = RejectedReplay.layer.pipe(
  Layer.provide(ingest),
  Layer.provide(overPartitions(
    processors,
    (set) => Context.make(UserProcessors, spreadProcessors(set)).pipe(Context.add(EventLog, spreadEventLog(set)))
  ))
)

/** The same, which changes nothing and reports what would happen. */
export const dryRunOverPartitions = RejectedReplay.layerDryRun.pipe(
  Layer.provide(ingest),
  Layer.provide(overPartitions(
    foreseeing,
    (set) => Context.make(UserProcessors, processorsOnly(set)).pipe(Context.add(EventLog, spreadEventLog(set)))
  ))
)
