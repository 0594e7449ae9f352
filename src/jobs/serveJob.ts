import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { parentPort } from "node:worker_threads"
import type { FromJob, JobOutcome, JobProgress } from "./JobMessage.ts"
import { stopMessage } from "./runThread.ts"

/** The least time between two tellings of a progress, in milliseconds. */
const tellEvery = 200

/** Does a job in this thread, and tells how it goes, until it ends or is told to stop. */
export const serveJob = async (run: (onProgress: (progress: JobProgress) => void) => Effect.Effect<JobOutcome, unknown>): Promise<void> => {
  const stop = new AbortController()
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
  const tell = (message: FromJob) => parentPort?.postMessage(message)
  const hear = (message: unknown) => message === stopMessage && stop.abort()
  parentPort?.on("message", hear)
  let told = 0
  const onProgress = (progress: JobProgress) => {
    if (Date.now() - told < tellEvery && progress.done < progress.total) return
    told = Date.now()
    tell({ _tag: "Progress", progress })
  }
  const exit = await Effect.runPromiseExit(run(onProgress), { signal: stop.signal })
  if (Exit.isSuccess(exit)) tell({ _tag: "Done", ...exit.value })
  else if (!stop.signal.aborted) tell({ _tag: "Failed", problem: problemOf(Cause.squash(exit.cause)) })
  parentPort?.off("message", hear)
  parentPort?.unref()
}

const problemOf = (error: unknown): string => {
  const message = error instanceof Error ? error.message : String(error)
  const cause: unknown = error instanceof Error ? error.cause : undefined
  return cause instanceof Error && cause.message !== ""
    ? `${message === "" ? error instanceof Error ? error.name : "" : message}: ${cause.message}`
    : message
}
