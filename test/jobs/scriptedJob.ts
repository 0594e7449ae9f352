import * as Effect from "effect/Effect"
import { workerData } from "node:worker_threads"
import type { JobData } from "../../src/jobs/JobMessage.ts"
import { serveJob } from "../../src/jobs/serveJob.ts"

/** The thread of a job that does what its input says, and nothing with a database. */
const { work: { input, kind } }: JobData = workerData

const progress = { phase: "Counting", unit: "sheep", done: 3, total: 10, heldBack: 0.5 }

await serveJob((onProgress) => {
  onProgress(progress)
  switch (kind) {
    case "answers":
      return Effect.succeed({ outcome: { answer: input }, named: [] })
    case "names":
      return Effect.succeed({ outcome: { names: "somebody" }, named: [String(input)] })
    case "fails":
      return Effect.fail(new Error("there is no wool"))
    case "dies":
      return Effect.sync(() => process.exit(3))
    default:
      return Effect.never
  }
})
