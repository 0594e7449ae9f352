import type { PgClient } from "@effect/sql-pg"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { arrayOf } from "../database/arrayOf.ts"
import { type EventLog, EventLogCorrupt } from "../event-log/EventLog.ts"
import { sliceCount } from "../event-log/sliceOf.ts"
import { feedIsolating } from "./feedChunk.ts"
import { ingestionPressure } from "./ingestionPressure.ts"
import type { ProjectionStore } from "./ProjectionStore.ts"
import { follow } from "./versions.ts"

/** How far a rebuild has come. Positions are dense, so `done` of `total` is exact. */
export interface RebuildProgress {
  /** Events of the slices rebuilt that are folded, by this run or an earlier one. */
  readonly done: number
  /** Events in those slices, as of the last look. */
  readonly total: number
  /** How long this process holds back for the sake of ingestion, as a part of its time. */
  readonly heldBack: number
}

export interface RebuildOptions {
  /** The slices of a sample, which leaves the version to be rebuilt; without it all, also those that get their first event meanwhile. */
  readonly slices?: ReadonlyArray<number>
  /** Called now and then. */
  readonly onProgress: (progress: RebuildProgress) => Effect.Effect<void>
}

const everySlice = Array.from({ length: sliceCount }, (_, slice) => slice)

/** Slices at work at once: one folds while the rows of the others are read and written. */
const workers = 3
/** Most events folded in memory and written in one transaction; fewer where each moves a user in several rankings. */
const chunkOf = ({ projection }: ProjectionStore): number => projection.ranking === undefined ? 20_000 : 5_000

/**
 * Rebuilds a version from the log, while everything else goes on (design §1): slice by slice, some at once, each user's events of a chunk folded in
 * memory and each row written once per chunk, with the slice's checkpoint in the same transaction, so that one that is killed goes on where it was.
 * Catches up until it is no further behind than a chunk, then has the version fed with the others. It yields to ingestion: it holds back when appends
 * take long. It ends in `EventLogCorrupt` where a position is missing.
 */
export const rebuild = (
  sql: PgClient.PgClient,
  log: EventLog["Service"],
  store: ProjectionStore,
  { onProgress, slices = everySlice }: RebuildOptions
): Effect.Effect<RebuildProgress, EventLogCorrupt | SqlError.SqlError> =>
  Effect.gen(function*() {
    const { name, version } = store.projection
    const chunk = chunkOf(store)
    const feed = { sql, log, stores: [store], maxEvents: chunk }
    const pressure = yield* ingestionPressure(sql)

    const rebuildSlice = Effect.fnUntraced(function*(slice: number) {
      for (;;) {
        const started = yield* Clock.currentTimeMillis
        const { events, holes, more } = yield* feedIsolating(feed, [slice])
        if (holes.length > 0) {
          return yield* new EventLogCorrupt({
            message: `A position is missing in slice ${slice}: nothing after it can be folded. \`events verify\` shows all that is wrong.`
          })
        }
        yield* pressure.yieldAfter((yield* Clock.currentTimeMillis) - started)
        if (events === 0 || more.length === 0) return
      }
    })
    const progress = Effect.map(progressOf(sql, store, slices), (counts) => ({ ...counts, heldBack: pressure.heldBack() }))
    const report = Effect.flatMap(progress, onProgress)

    for (;;) {
      const lagging = yield* laggingSlices(sql, store, slices)
      yield* Effect.raceFirst(
        Effect.forEach(lagging, rebuildSlice, { concurrency: workers, discard: true }),
        Effect.forever(Effect.andThen(report, Effect.sleep("500 millis")))
      )
      yield* report
      const { done, total } = yield* progress
      if (total - done <= chunk) break
    }
    const left = yield* sql`select 1 from slice_heads where position > 0 and slice <> all (${arrayOf.int2(slices)}::smallint[]) limit 1`
    if (left.length === 0) yield* follow(sql, name, version)
    return yield* progress
  })

/** The slices the version is behind in, the largest first, so that no long one is left for the end. */
const laggingSlices = (sql: PgClient.PgClient, { projection }: ProjectionStore, slices: ReadonlyArray<number>) =>
  Effect.map(
    sql<{ slice: number }>`
      select h.slice from slice_heads h join checkpoints c using (slice)
      where c.projection = ${projection.name} and c.version = ${projection.version} and h.position > c.position
      order by h.position - c.position desc`,
    (rows) => rows.map(({ slice }) => slice).filter((slice) => slices.includes(slice))
  )

const progressOf = (sql: PgClient.PgClient, { projection }: ProjectionStore, slices: ReadonlyArray<number>) =>
  Effect.map(
    sql<{ slice: number; done: bigint; total: bigint }>`
      select h.slice, c.position as done, h.position as total from slice_heads h join checkpoints c using (slice)
      where c.projection = ${projection.name} and c.version = ${projection.version}`,
    (rows) =>
      rows.filter(({ slice }) => slices.includes(slice)).reduce(
        (sum, { done, total }) => ({ done: sum.done + Number(done), total: sum.total + Number(total) }),
        { done: 0, total: 0 }
      )
  )
