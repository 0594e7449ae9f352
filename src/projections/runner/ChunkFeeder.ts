import type { PgClient } from "@effect/sql-pg"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { EventLog } from "../../event-log/EventLog.ts"
import type { ReadBound } from "../../event-log/RecordedEvent.ts"
import { Position } from "../../values/Position.ts"
import { Slice } from "../../values/Slice.ts"
import { type Caution, isAlone, portionOf } from "../feed/Caution.ts"
import { behind } from "../feed/Checkpoints.ts"
import { feedIsolating } from "../feed/feedChunk.ts"
import type { ProjectionStore } from "../tables/ProjectionStore.ts"
import type { Pulse } from "./Pulse.ts"
import type { SliceGaps } from "./SliceGaps.ts"
import { chunkBound } from "./tuning.ts"

/** How a chunk went: the events read, and the slices that may have more. */
export interface FedSlices {
  readonly events: number
  readonly more: ReadonlyArray<Slice>
}

/** A chunk to be fed. */
export interface Chunk {
  readonly stores: ReadonlyArray<ProjectionStore>
  readonly slices: ReadonlyArray<Slice>
  /** The most in it, before {@link Caution} makes it smaller. */
  readonly bound: ReadBound
  /** Runs after a chunk that was committed, or had nothing to do. */
  readonly heartbeat: Effect.Effect<void>
}

/** What a {@link ChunkFeeder} works with. */
export interface ChunkFeederOptions {
  readonly sql: PgClient.PgClient
  readonly log: EventLog["Service"]
  readonly caution: Caution
  readonly gaps: SliceGaps
  /** Beats with each chunk that had events. */
  readonly committed: Pulse
}

/** Feeds chunks to projections, and outlives whatever fails. */
export class ChunkFeeder {
  private readonly options: ChunkFeederOptions

  constructor(options: ChunkFeederOptions) {
    this.options = options
  }

  /**
   * Feeds a chunk in one transaction, and notes the gaps it found or no longer found.
   *
   * Never fails: a failure is logged, and after a second all slices of the chunk are given back as
   * those that have more. There is no heartbeat then.
   */
  feed(chunk: Chunk): Effect.Effect<FedSlices> {
    const { heartbeat, slices, stores } = chunk
    if (slices.length === 0 || stores.length === 0) return Effect.as(heartbeat, { events: 0, more: [] })
    const { caution, committed, gaps } = this.options
    return Effect.gen({ self: this }, function*() {
      const exit = yield* Effect.exit(isAlone(caution) ? this.feedNextAlone(chunk) : this.feedAll(chunk))
      if (Exit.isFailure(exit)) {
        yield* Effect.logError("Projections could not be fed; trying again").pipe(
          Effect.annotateLogs({ cause: Cause.pretty(exit.cause) })
        )
        yield* Effect.sleep("1 second")
        return { events: 0, more: slices }
      }
      const { events, gaps: found, more, reached } = exit.value
      yield* gaps.gapsFound(found)
      yield* gaps.gapClosed(reached.filter((slice) => found.every((gap) => gap.slice !== slice)).map((each) => Slice(each)))
      if (events > 0) committed.beat()
      yield* heartbeat
      return { events, more }
    })
  }

  private feedAll({ bound, slices, stores }: Omit<Chunk, "heartbeat">) {
    const { caution, log, sql } = this.options
    return feedIsolating({ sql, log, stores, bound: portionOf(caution, bound), caution }, slices).pipe(
      Effect.tap(({ events }) => Effect.annotateCurrentSpan({ events })),
      Effect.withSpan("ProjectionRunner.chunk", {
        attributes: { slices: slices.length, ...slices.length === 1 ? { slice: slices[0] } : {}, projections: stores.length }
      })
    )
  }

  /**
   * Feeds the next event of one slice while no other chunk is in work.
   *
   * After a thread has died of the memory of a few events, this tells which event it was.
   */
  private feedNextAlone({ slices, stores }: Chunk) {
    const { caution, sql } = this.options
    return Effect.gen({ self: this }, function*() {
      const [first, ...others] = yield* behind(sql, stores.map(({ projection }) => projection)).pipe(
        Effect.map((lagging) => lagging.filter(({ slice }) => slices.includes(slice)))
      )
      if (first === undefined) return { events: 0, reached: [], more: [], gaps: [] }
      caution.suspect({ slice: first.slice, position: Position(first.position + 1) })
      const fed = yield* this.feedAll({ stores, slices: [first.slice], bound: chunkBound })
      return { ...fed, more: [...new Set([...fed.more, ...others.map(({ slice }) => slice)])] }
    }).pipe(
      Effect.ensuring(Effect.sync(() => caution.suspect(undefined))),
      caution.oneAtATime.withPermit
    )
  }
}
