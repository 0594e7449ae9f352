import * as NodeWorkerRunner from "@effect/platform-node/NodeWorkerRunner"
import * as Effect from "effect/Effect"
import { parentPort, workerData } from "node:worker_threads"
import { Leads, OwnLeads } from "./database/Leads.ts"
import { LogOutput } from "./platform/LogOutput.ts"
import { layerTelemetry } from "./platform/Telemetry.ts"
import { Caution } from "./projections/feed/Caution.ts"
import { cautionOf, serveThread } from "./projections/runner/serveThread.ts"
import type { ThreadData } from "./projections/runner/ThreadMessage.ts"
import { threadLayer } from "./threadLayer.ts"

/** A projections' thread of a service: see `ProjectionThreads`. */
const data: ThreadData = workerData

// Deno's port has no `close`, which Effect's runner calls when the thread is to end: without one
// the thread dies before what it does has ended.
if (parentPort !== null && typeof parentPort.close !== "function") Object.assign(parentPort, { close: () => {} })

// No `runMain`, which is for processes: signals come to the one that started this, and whatever
// this fails with, that one hears.
await Effect.runPromise(
  serveThread(threadLayer).pipe(
    Effect.provide(NodeWorkerRunner.layer),
    Effect.provideService(Caution, cautionOf(data)),
    Effect.provideService(OwnLeads, data.leads === undefined ? undefined : new Leads(data.leads)),
    Effect.provide(layerTelemetry("projections")),
    Effect.provide(LogOutput.layerOf(data.log))
  )
)

// On Deno an open port keeps a thread alive. Node knows no such function.
const close: unknown = Reflect.get(globalThis, "close")
if (typeof close === "function") close()
