import { PgClient } from "@effect/sql-pg"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { SqlError } from "effect/sql"
import { unavailable } from "../../database/DatabaseUnavailable.ts"
import { ownLead } from "../../database/Leads.ts"
import { Migrations } from "../../database/Migrations.ts"
import { PoolShare } from "../../database/PoolShare.ts"
import { AppendSignal } from "../../event-log/AppendSignal.ts"
import { EventLog } from "../../event-log/EventLog.ts"
import { allSlices } from "../../event-log/sliceOf.ts"
import { inSteadyTime } from "../../platform/monotonicClock.ts"
import type { Slice } from "../../values/Slice.ts"
import { ageOfOldest } from "../feed/ageOfOldest.ts"
import { Caution } from "../feed/Caution.ts"
import { behind } from "../feed/Checkpoints.ts"
import { addGeneration } from "../feed/generations.ts"
import { count as countParked } from "../feed/ParkedUsers.ts"
import type { LogGap } from "../feed/readChunk.ts"
import type { ProjectionStore } from "../tables/ProjectionStore.ts"
import { ProjectionCatalog } from "../versions/ProjectionCatalog.ts"
import { ChunkFeeder } from "./ChunkFeeder.ts"
import { LagMonitor, type LagStatus } from "./LagMonitor.ts"
import { LoopWatch } from "./LoopWatch.ts"
import { MostThreads, placesOfThread } from "./MostThreads.ts"
import { Pulse } from "./Pulse.ts"
import { RankingPass } from "./RankingPass.ts"
import { SliceGaps } from "./SliceGaps.ts"
import { always, SliceQueue } from "./SliceQueue.ts"
import { StandingSlices } from "./StandingSlices.ts"
import {
  agesEvery,
  chunkBound,
  following,
  gather,
  gatherOf,
  lagPoll,
  lagRestOf,
  loopPatience,
  rankingPass as rankings,
  rankingRestOf,
  workersOf
} from "./tuning.ts"

/** How the projections of a process are doing, as of the last poll. */
export interface RunnerStatus extends LagStatus {
  /** The versions that are fed, as `casino v1`. */
  readonly versions: ReadonlyArray<string>
  /**
   * False once a loop has had no heartbeat for some seconds: the database hangs, or a chunk fails
   * again and again.
   */
  readonly running: boolean
  /** Positions that are missing in the log: the projections of these slices stand still. */
  readonly gaps: ReadonlyArray<LogGap>
}

/** The milliseconds of {@link loopPatience}, shorter in tests. */
export const RunnerPatience = Context.Reference<number>("playtally/projections/RunnerPatience", { defaultValue: () => loopPatience })

const ranksUsers = ({ projection }: ProjectionStore): boolean => projection.ranking !== undefined

const projectionsOf = (stores: ReadonlyArray<ProjectionStore>) => stores.map(({ projection }) => projection)

const couldNotPoll = (error: SqlError.SqlError) =>
  Effect.logError("The projections' lag could not be read; trying again").pipe(
    Effect.annotateLogs({ cause: error.message }),
    Effect.andThen(Effect.sleep("1 second"))
  )

/**
 * Feeds the catalog from the log, exactly once with any number of processes
 * (docs/architecture.md#the-feed).
 *
 * One reading of the log feeds all projections: a page is read, parsed and committed once. The
 * runner wakes after an append of this process, and polls for the appends of others. Projections
 * that rank users have a loop of their own, the {@link RankingPass}, so the others never wait for
 * them.
 *
 * Where another process leads the partition (see `Leads`), it looks every two seconds, and feeds
 * what the other one leaves, and at once what it is asked for.
 *
 * Its loops are one or two chunks of the queue, one of the priority queue, the poll of the lag and
 * the ranking pass. Where a process feeds several databases (`PoolShare`), each has a part of the
 * events: chunks gather longer, and looks are rarer, so that together they cost what one does.
 */
export class ProjectionRunner extends Context.Service<ProjectionRunner, {
  /** How the projections are doing. It reads memory only. */
  readonly status: () => RunnerStatus
  /**
   * Asks for these slices to be fed at once; without `projections` to all but those that rank
   * users. For callers who wait for a position. A hint: it may be lost, so a caller repeats it.
   */
  readonly feedNow: (slices: ReadonlyArray<Slice>, projections?: ReadonlyArray<string> | undefined) => void
  /** An effect that ends with the next chunk that is committed after this call. */
  readonly nextChunk: () => Effect.Effect<void>
}>()("playtally/projections/ProjectionRunner") {
  /** The runner in this thread. Fails with `DatabaseUnavailable` if the catalog cannot be read. */
  static readonly layer = Layer.effect(
    ProjectionRunner,
    inSteadyTime(Effect.gen(function*() {
      yield* Migrations
      const catalog = yield* ProjectionCatalog
      const sql = yield* PgClient.PgClient
      const log = yield* EventLog
      const signal = yield* AppendSignal
      let stores = yield* unavailable("ProjectionRunner")(catalog.following)
      const patience = yield* RunnerPatience
      const clock = yield* Clock.Clock
      const caution = yield* Caution
      const leads = yield* ownLead

      const databases = yield* PoolShare
      const queue = new SliceQueue({ usual: gather.usual, many: gatherOf(databases), few: gather.few }, clock)
      // A worker of its own, so that a reader who waits for a slice waits for no other chunk.
      const priorityQueue = new SliceQueue(always(0), clock)
      const watch = new LoopWatch(clock)
      const committed = new Pulse()
      // Nobody knows what was put into the log by hand, or where: everybody is told again.
      const gaps = new SliceGaps((slice) => sql.withTransaction(addGeneration(sql, { slice })))
      const feeder = new ChunkFeeder({ sql, log, caution, gaps, committed })
      const lag = new LagMonitor({ ageOfOldest: (lagging) => ageOfOldest(sql, lagging), countParked: countParked(sql) })

      const work = (queue: SliceQueue, heartbeat: Effect.Effect<void>) =>
        Effect.gen(function*() {
          yield* queue.gathered
          const slices = queue.take()
          const fed = stores.filter((store) => !ranksUsers(store))
          const { events, more } = yield* feeder.feed({ stores: fed, slices, bound: chunkBound, heartbeat })
          queue.giveBack(slices, more, events)
        })

      const standing = new StandingSlices()
      const restOfFollower = Effect.gen(function*() {
        for (let rested = 0; rested < following.rest && !leads(); rested += following.step) yield* Effect.sleep(following.step)
      })

      const lagRest = lagRestOf(databases)
      const pollLag = (heartbeat: Effect.Effect<void>) =>
        Effect.gen(function*() {
          queue.drained.closeUnsafe()
          stores = yield* catalog.following
          lag.noteUnfed(catalog.stores.length - stores.length)
          const lagging = yield* behind(sql, projectionsOf(stores.filter((store) => !ranksUsers(store))))
          const isLeader = leads()
          const lagEvents = yield* lag.measure(lagging, isLeader || lagging.length === 0 ? agesEvery : 1)
          yield* gaps.onlyBehind(lagging.map(({ slice }) => slice))
          const left = isLeader ? lagging : standing.since(lagging)
          queue.addSeen(gaps.worthFeeding(left.map(({ slice }) => slice), yield* Clock.currentTimeMillis))
          yield* heartbeat
          if (!isLeader) return yield* restOfFollower
          yield* Effect.sleep(lagPoll.least)
          yield* lagEvents > lagPoll.few / databases ? Effect.timeoutOption(queue.drained.await, lagRest) : Effect.sleep(lagRest)
        }).pipe(Effect.catch(couldNotPoll))

      // A pass rests between two heartbeats.
      const rankingHeartbeat = watch.watch("rankings", rankings.longestRest + rankings.gather + 2 * patience)
      const rankingPass = new RankingPass({
        findWork: Effect.gen(function*() {
          const ranking = stores.filter(ranksUsers)
          const lagging = ranking.length === 0 ? [] : yield* behind(sql, projectionsOf(ranking))
          yield* lag.measureRankings(lagging)
          return {
            lagging,
            feed: (slices) => feeder.feed({ stores: ranking, slices, bound: rankings.bound, heartbeat: rankingHeartbeat })
          }
        }),
        isDue: () => leads() || (lag.status().rankingLagSeconds ?? 0) * 1000 > following.rankings,
        othersBehind: () => lag.events,
        rest: rankingRestOf(databases),
        hasGap: (slice) => gaps.has(slice),
        heartbeat: rankingHeartbeat
      })

      signal.subscribe((slices) => {
        if (leads()) queue.add(slices)
      })
      if (leads()) queue.add(allSlices)
      const loops = [
        ...Array.from(
          { length: workersOf(placesOfThread(databases, yield* MostThreads)) },
          (_, nth) => work(queue, watch.watch(`worker ${nth + 1}`, patience))
        ),
        work(priorityQueue, watch.watch("priority worker", patience)),
        pollLag(watch.watch("lag poll", patience)),
        rankingPass.run.pipe(Effect.catch(couldNotPoll))
      ]
      for (const loop of loops) yield* Effect.forkScoped(Effect.forever(loop))

      return ProjectionRunner.of({
        status: () => ({
          ...lag.status(),
          versions: stores.map(({ projection: { name, version } }) => `${name} v${version}`),
          gaps: gaps.list(),
          running: watch.stopped().length === 0
        }),
        feedNow: (slices, projections) => {
          const ranking = new Set(stores.filter(ranksUsers).map(({ projection }) => projection.name))
          if (projections?.some((name) => ranking.has(name)) === true) rankingPass.request()
          if (projections?.every((name) => ranking.has(name)) === true) return
          priorityQueue.add(slices)
        },
        nextChunk: () => committed.next()
      })
    }))
  )
}
