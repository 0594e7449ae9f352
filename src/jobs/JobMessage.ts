import type { Pooler } from "../database/DatabaseUrl.ts"
import type { LogOutput } from "../platform/LogOutput.ts"

/** What is to be done. The kind says how the input is read, see `runJob`. */
export interface Work {
  readonly kind: string
  /** JSON. */
  readonly input: unknown
}

/** How far a job is. */
export interface JobProgress {
  /** What is being done, as a few words. */
  readonly phase: string
  readonly done: number
  readonly total: number
  /** What is counted, such as `events`. */
  readonly unit: string
  /** The part of the time that the job holds back for the sake of ingestion. */
  readonly heldBack?: number
}

/** What came of a job. */
export interface JobOutcome {
  /** JSON. */
  readonly outcome: unknown
  /** The users whom the outcome names, see `userKey`. */
  readonly named: ReadonlyArray<string>
}

/** What the thread of a job is started with. */
export interface JobData {
  readonly work: Work
  readonly databaseUrl: string
  readonly pooler: Pooler
  readonly log: LogOutput
}

/** What the thread tells. The last message is how it ended. */
export type FromJob =
  | { readonly _tag: "Progress"; readonly progress: JobProgress }
  | ({ readonly _tag: "Done" } & JobOutcome)
  | { readonly _tag: "Failed"; readonly problem: string }
