import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { SqlClient, type SqlError } from "effect/sql"
import { type DatabaseUnavailable, unavailable } from "../database/DatabaseUnavailable.ts"
import { allSlices, sliceOf } from "../event-log/sliceOf.ts"
import { newestOf } from "../projections/feed/generations.ts"
import { ProjectionRunner } from "../projections/runner/ProjectionRunner.ts"
import type { ProjectionStore } from "../projections/tables/ProjectionStore.ts"
import { ProjectionCatalog } from "../projections/versions/ProjectionCatalog.ts"
import type { Tenant } from "../tenants/Tenant.ts"
import type { Position } from "../values/Position.ts"
import type { Slice } from "../values/Slice.ts"
import type { UserId } from "../values/UserId.ts"
import { checkpointsOf, headsOf, notesOf, withEvents } from "./momentStatements.ts"
import { CurrentReadSlot, type TooManyReads } from "./ReadShares.ts"

/**
 * The projections did not come to the heads of the log in the given time.
 *
 * The heads are those at the arrival of the request. It is safe to ask again later.
 */
export class ProjectionBehind extends Schema.TaggedError<ProjectionBehind>("playtally/counters/ProjectionBehind")("ProjectionBehind", {
  waited: Schema.Int.annotate({ description: "Seconds" })
}) {}

/**
 * A strong read asked for a user who is parked in some projections: a fold failed on an event of
 * the user.
 */
export class ProjectionParked extends Schema.TaggedError<ProjectionParked>("playtally/counters/ProjectionParked")("ProjectionParked", {
  userId: Schema.String,
  projections: Schema.Array(Schema.String)
}) {}

/**
 * This process's code cannot run some projections that a read asks for.
 *
 * They fail on the sample log (`FailsOnSampleLog`). It is of no use to ask again until the code is
 * mended.
 */
export class ProjectionFailing extends Schema.TaggedError<ProjectionFailing>("playtally/counters/ProjectionFailing")("ProjectionFailing", {
  projections: Schema.Array(Schema.String)
}) {}

/**
 * What a read promises (docs/design.md#reading).
 *
 * - `Eventual`: what the projections have reached.
 * - `Strong`: everything that was in the log on arrival, after at most `waitSeconds`.
 */
export type Consistency = { readonly _tag: "Eventual" } | { readonly _tag: "Strong"; readonly waitSeconds: number }

/** One moment of the database, for some users of a tenant and some projections. */
export interface ReadMoment {
  /** The users who have events, in the order asked. */
  readonly userIds: ReadonlyArray<UserId>
  /** The active versions that this code knows, in the order asked. */
  readonly stores: ReadonlyArray<ProjectionStore>
  /** The projections without an active version. They must be rebuilt for the first time. */
  readonly unbuilt: ReadonlyArray<string>
  /** The projections that this process's code cannot run. */
  readonly failing: ReadonlyArray<string>
  /** The position in the user's slice up to which every store has been fed. */
  readonly positionOf: (userId: UserId) => number
  /**
   * The zone of a user's rows.
   *
   * It is the tenant's. While the tenant's zone is being changed, it may be the former one.
   */
  readonly timeZoneOf: (userId: UserId) => string
  /** The day with which the weeks of a user's rows begin, 1 (Monday) to 7. */
  readonly weekStartOf: (userId: UserId) => number
  /** The projections in which a user is parked. */
  readonly parkedIn: (userId: UserId) => ReadonlyArray<string>
  /** The projections in which any user concerned is parked. */
  readonly stale: ReadonlyArray<string>
  /**
   * The newest generation of a user's rows for each active version, under its name.
   *
   * Without a user it is the newest of all users concerned.
   */
  readonly generationsOf: (userId?: UserId) => Readonly<Record<string, number>>
}

interface Options {
  /** The users whose rows are read; empty if the rows are not of single users. */
  readonly userIds: ReadonlyArray<UserId>
  /** Names of projections. */
  readonly projections: ReadonlyArray<string>
  readonly consistency: Consistency
  /**
   * Set if the rows depend on every user of the tenant.
   *
   * The promise then holds for all users, not only for the named ones.
   */
  readonly everybody?: true
  /**
   * Set if a projection that this process's code cannot run is left out, as an unbuilt one is.
   *
   * Otherwise the read fails.
   */
  readonly mayLack?: boolean
}

/**
 * Reads rows of projections, and promises how complete they are. It writes nothing.
 *
 * - {@link ProjectionBehind}, {@link ProjectionParked} and {@link ProjectionFailing}: as each says.
 * - `TooManyReads`: no slot was free again after a wait.
 * - `DatabaseUnavailable`: the database did not answer.
 */
export class ConsistentReads extends Context.Service<ConsistentReads, {
  /**
   * Reads rows of some users of a tenant.
   *
   * One transaction reads the active versions, the checkpoints and the rows: they are of one
   * moment, never torn. A strong read waits until everything that was in the log on arrival is
   * folded. It gives its slot back while it waits. `rows` may run several times. It may fail with
   * `ProjectionBehind` or for a reason of its own, such as a projection that was never rebuilt.
   */
  readonly read: <A, E = never>(
    tenant: Tenant,
    options: Options,
    rows: (moment: ReadMoment) => Effect.Effect<A, E | SqlError.SqlError | ProjectionBehind>
  ) => Effect.Effect<
    A,
    Exclude<E, SqlError.SqlError> | ProjectionBehind | ProjectionParked | ProjectionFailing | TooManyReads | DatabaseUnavailable
  >
}>()("playtally/counters/ConsistentReads") {
  static readonly layer = Layer.effect(
    ConsistentReads,
    Effect.gen(function*() {
      const sql = yield* PgClient.PgClient
      const catalog = yield* ProjectionCatalog
      const runner = yield* ProjectionRunner

      const read = Effect.fn("ConsistentReads.read")(function*<A, E = never>(
        tenant: Tenant,
        { consistency, everybody, mayLack, projections, userIds }: Options,
        rows: (moment: ReadMoment) => Effect.Effect<A, E | SqlError.SqlError | ProjectionBehind>
      ) {
        const users = [...new Set(userIds)]
        const slices = everybody === true ? allSlices : [...new Set(users.map((userId) => sliceOf(tenant.tenantId, userId)))]
        const heads = consistency._tag === "Eventual" ? new Map<Slice, Position>() : yield* headsOf(sql, slices)

        /** The rows, or the slices that are behind. */
        const attempt = Effect.gen(function*() {
          const { active, failing, positions, unbuilt } = yield* checkpointsOf(sql, catalog, { slices, projections })
          if (failing.length > 0 && (mayLack !== true || active.length === 0)) return { _tag: "Failing", projections: failing } as const
          // Where nothing is built, waiting is of no use.
          const behind = unbuilt.length + failing.length === projections.length
            ? []
            : slices.filter((slice) => (positions.get(slice) ?? 0) < (heads.get(slice) ?? 0))
          if (behind.length > 0) return { _tag: "Behind", slices: behind, projections } as const
          const { generations, parked } = yield* notesOf(sql, tenant, { userIds: everybody === true ? undefined : users, projections })
          if (consistency._tag === "Strong") {
            const [[userId, names] = []] = parked
            if (userId !== undefined && names !== undefined) return { _tag: "Parked", userId, names } as const
          }
          const calendars = yield* withEvents(sql, tenant, users)
          const answer = yield* rows({
            userIds: users.filter((userId) => calendars.has(userId)),
            stores: active,
            unbuilt,
            failing,
            positionOf: (userId) => positions.get(sliceOf(tenant.tenantId, userId)) ?? 0,
            timeZoneOf: (userId) => calendars.get(userId)?.timeZone ?? tenant.timeZone,
            weekStartOf: (userId) => calendars.get(userId)?.weekStart ?? tenant.weekStart,
            parkedIn: (userId) => parked.get(userId) ?? [],
            stale: [...new Set([...parked.values()].flat())],
            generationsOf: (userId) =>
              newestOf(
                generations,
                active.map(({ projection }) => projection.name),
                userId === undefined ? undefined : { userId, slice: sliceOf(tenant.tenantId, userId) }
              )
          })
          return { _tag: "Read", answer } as const
        }).pipe(
          sql.withTransaction,
          Effect.provideService(SqlClient.BeginTransaction, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        )

        const result = yield* untilReached(runner, consistency, attempt)
        if (result._tag === "Failing") return yield* new ProjectionFailing({ projections: result.projections })
        return result._tag === "Read" ? result.answer : yield* new ProjectionParked({ userId: result.userId, projections: result.names })
      }, unavailable("ConsistentReads.read"))
      return ConsistentReads.of({ read })
    })
  )
}

/** An attempt that came too early: the projections are behind in some slices. */
interface Behind {
  readonly _tag: "Behind"
  readonly slices: ReadonlyArray<Slice>
  /**
   * The projections that are behind. Undefined for all projections except those that rank users.
   */
  readonly projections?: ReadonlyArray<string>
}

/**
 * Attempts again after each chunk that is fed, until no slice is behind or the time of a strong
 * read is over.
 *
 * The slices that are behind are fed first.
 */
export const untilReached = <A extends { readonly _tag: string }, E, R>(
  runner: ProjectionRunner["Service"],
  consistency: Consistency,
  attempt: Effect.Effect<A | Behind, E, R>
): Effect.Effect<Exclude<A, Behind>, E | ProjectionBehind | TooManyReads, R> => {
  const look = Effect.suspend(() => {
    // This comes before the look, so that it misses no chunk that ends in between.
    const nextChunk = runner.nextChunk()
    return Effect.map(attempt, (result) => ({ result, nextChunk }))
  })
  const reachedAfter = Effect.fnUntraced(function*(first: Effect.Success<typeof look>) {
    let { nextChunk, result } = first
    const slot = yield* CurrentReadSlot
    while (isBehind(result)) {
      runner.feedNow(result.slices, result.projections)
      // Another process may be feeding these slices, so this process looks again even if it hears
      // nothing.
      yield* slot.aside(Effect.timeoutOption(nextChunk, "50 millis"))
      ;({ nextChunk, result } = yield* look)
    }
    return result as Exclude<A, Behind>
  })
  // An attempt that need not wait is answered, however short the time is.
  return Effect.flatMap(look, (first) =>
    consistency._tag === "Eventual" || !isBehind(first.result)
      ? reachedAfter(first)
      : Effect.timeoutOrElse(reachedAfter(first), {
        duration: `${consistency.waitSeconds} seconds`,
        orElse: () => Effect.fail(new ProjectionBehind({ waited: consistency.waitSeconds }))
      }))
}

const isBehind = (result: { readonly _tag: string }): result is Behind => result._tag === "Behind"
