import * as NodeWorkerRunner from "@effect/platform-node/NodeWorkerRunner"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { workerData } from "node:worker_threads"
import { threadLayer } from "./App.ts"
import { LogOutput } from "./platform/LogOutput.ts"
import { Caution } from "./projections/feed/Caution.ts"
import { cautionOf, serveThread, type ThreadData } from "./projections/runner/ProjectionThread.ts"

/** The projections' thread of a service: see `ProjectionThread`. */
const data: ThreadData = workerData

// No `runMain`, which is for processes: signals come to the one that started this, and whatever
// this fails with, that one hears.
await Effect.runPromise(
  serveThread.pipe(
    Effect.provide(threadLayer({ url: Redacted.make(data.databaseUrl), pooler: data.pooler })),
    Effect.provide(NodeWorkerRunner.layer),
    Effect.provideService(Caution, cautionOf(data)),
    Effect.provide(LogOutput.layerOf(data.log))
  )
)
