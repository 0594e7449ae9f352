import type { Pooler } from "../../database/DatabaseUrl.ts"
import type { LogOutput } from "../../platform/LogOutput.ts"
import type { Slice } from "../../values/Slice.ts"
import type { RunnerStatus } from "./ProjectionRunner.ts"

/** A database whose projections a thread feeds. A `Redacted` does not survive the way there. */
export interface ThreadPlace {
  /** Names the place between a process and its threads, and is used once. */
  readonly id: number
  /** See `OwnPartition`. */
  readonly partition: number
  readonly databaseUrl: string
  readonly pooler: Pooler
  /** See `PoolShare`. */
  readonly databases: number
}

/** Slices of one place. */
export interface SlicesOfPlace {
  readonly place: number
  readonly slices: ReadonlyArray<Slice>
}

/**
 * What a process tells a projections' thread: which places it feeds, and slices that have grown, or
 * that somebody waits for.
 */
export type ToThread =
  | { readonly _tag: "Open"; readonly place: ThreadPlace }
  | { readonly _tag: "Close"; readonly place: number }
  | { readonly _tag: "Grown"; readonly grown: ReadonlyArray<SlicesOfPlace> }
  | { readonly _tag: "FeedNow"; readonly projections?: ReadonlyArray<string> | undefined } & SlicesOfPlace
  | { readonly _tag: "Portion"; readonly portion: number }

/** What the thread tells: how its places are doing, and that a chunk of one was committed. */
export type FromThread =
  | { readonly _tag: "Status"; readonly statuses: ReadonlyArray<{ readonly place: number; readonly status: RunnerStatus }> }
  | { readonly _tag: "Fed"; readonly place: number }

/** What a thread is started with. */
export interface ThreadData {
  readonly log: LogOutput
  /** The memory of the process's `Leads`, if it has any. */
  readonly leads: SharedArrayBuffer | undefined
  /**
   * See `Caution`: the portion to begin with, the condemned events, and memory of both sides in
   * which the thread notes what it tries alone.
   */
  readonly portion: number
  readonly condemned: ReadonlyArray<string>
  readonly suspect: SharedArrayBuffer
}
