import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { type ResourceLimits, Worker } from "node:worker_threads"
import type { FromJob, JobData, JobOutcome, JobProgress } from "./JobMessage.ts"

/**
 * The work failed, or its thread has died. Nothing is half done: what it does is made of
 * transactions.
 */
export class JobFailed extends Schema.TaggedError<JobFailed>("playtally/jobs/JobFailed")("JobFailed", { message: Schema.String }) {}

/** Most of a heap, as a projections' thread has. */
const limits: ResourceLimits = { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 64 }

/** How long a thread may take to end its statements once it is told to stop, in milliseconds. */
const farewell = 3000

/** What a thread is told to stop by. */
export const stopMessage = "stop"

/**
 * Does work in a thread of its own, so that nothing that answers requests waits for it.
 *
 * An interruption stops the thread: its transactions are rolled back, and what it has committed
 * stays.
 */
export const runThread = (
  entry: URL,
  data: JobData,
  onProgress: (progress: JobProgress) => void
): Effect.Effect<JobOutcome, JobFailed> =>
  Effect.callback((resume) => {
    const thread = new Worker(entry, { workerData: data, resourceLimits: limits })
    let hasExited = false
    const exited = new Promise<void>((resolve) =>
      thread.once("exit", (code) => {
        hasExited = true
        resume(Effect.fail(new JobFailed({ message: `The thread of the job has ended with code ${code}.` })))
        resolve()
      })
    )
    thread.on("message", (message: FromJob) => {
      switch (message._tag) {
        case "Progress":
          return onProgress(message.progress)
        case "Done":
          return resume(Effect.succeed({ outcome: message.outcome, named: message.named }))
        case "Failed":
          return resume(Effect.fail(new JobFailed({ message: message.problem })))
      }
    })
    thread.once("error", (error) => {
      const message = "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY"
        ? "The thread of the job has used up its memory."
        : `The thread of the job has died: ${error.message}`
      resume(Effect.fail(new JobFailed({ message })))
    })
    return Effect.promise(async () => {
      if (hasExited) return
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
      thread.postMessage(stopMessage)
      const timer = setTimeout(() => void thread.terminate(), farewell)
      await exited
      clearTimeout(timer)
    })
  })
