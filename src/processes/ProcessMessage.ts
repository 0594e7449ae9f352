import type { RunnerStatus } from "../projections/runner/ProjectionRunner.ts"
import type { Slice } from "../values/Slice.ts"

/** What a process may ask of the others: why they are not ready, or what they have measured. */
export type Question = "readiness" | "metrics"

/** What one process says to a question; without a text if it does not answer in time. */
export interface OthersAnswer {
  /** The number of the process; 0 is the supervisor. */
  readonly process: number
  readonly text?: string | undefined
}

/** What the supervisor of several processes tells one of them. */
export type ToProcess =
  /** A new connection, which comes with the message. */
  | { readonly _tag: "Connection"; readonly id: number }
  /** The process has been given its last connection, as it asked. */
  | { readonly _tag: "NoMoreConnections" }
  /** Readiness says from now on that the process is to stop. */
  | { readonly _tag: "Drain" }
  /** The process is to stop. */
  | { readonly _tag: "Stop" }
  | { readonly _tag: "Question"; readonly id: number; readonly what: Question }
  | { readonly _tag: "Answers"; readonly id: number; readonly answers: ReadonlyArray<OthersAnswer> }
  /** A chunk of the projections was committed. */
  | { readonly _tag: "Fed" }
  /** How the projections of a partition are doing, and whether the process leads it. */
  | {
    readonly _tag: "RunnerStatus"
    readonly partition: number
    readonly status: RunnerStatus
    readonly lead: "Leads" | "Follows"
  }

/** What one of several processes tells its supervisor. */
export type FromProcess =
  /** It can take connections. */
  | { readonly _tag: "Ready" }
  /** It has the connection, and the supervisor need not keep it. */
  | { readonly _tag: "Taken"; readonly id: number }
  /** As many of its connections have closed. */
  | { readonly _tag: "Closed"; readonly connections: number }
  /** It wants no more connections. */
  | { readonly _tag: "Leaving" }
  /** It asks all others. */
  | { readonly _tag: "Ask"; readonly id: number; readonly what: Question }
  /** Its answer to a question. */
  | { readonly _tag: "Answer"; readonly id: number; readonly text: string }
  /** Slices that have grown, for the projections. */
  | { readonly _tag: "Grown"; readonly slices: ReadonlyArray<Slice> }
  /** Slices that somebody waits for. */
  | { readonly _tag: "FeedNow"; readonly slices: ReadonlyArray<Slice>; readonly projections?: ReadonlyArray<string> | undefined }
