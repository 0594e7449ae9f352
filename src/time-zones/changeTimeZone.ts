import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type { SqlError } from "effect/sql"
import { classifySqlError } from "../database/classifySqlError.ts"
import type { DatabaseUnavailable } from "../database/DatabaseUnavailable.ts"
import { allSlices } from "../event-log/sliceOf.ts"
import * as Checkpoints from "../projections/feed/Checkpoints.ts"
import type { FeedSource } from "../projections/feed/feedChunk.ts"
import { addGeneration } from "../projections/feed/generations.ts"
import * as ParkedUsers from "../projections/feed/ParkedUsers.ts"
import { dependsOnTimeZone, dependsOnWeekStart } from "../projections/fold/dependsOnTimeZone.ts"
import { fingerprint } from "../projections/fold/fingerprint.ts"
import type { ProjectionStore } from "../projections/tables/ProjectionStore.ts"
import { rebuildInSteps } from "../projections/versions/rebuildInSteps.ts"
import * as TenantDays from "../tenants/TenantDays.ts"
import type { Slice } from "../values/Slice.ts"
import type { TenantId } from "../values/TenantId.ts"
import { refoldUsers, usersToMove } from "./refoldUsers.ts"
import * as TimeZoneMoves from "./TimeZoneMoves.ts"

/**
 * This code cannot make some version's rows in another zone; what has been moved so far stays so.
 */
export class TimeZoneChangeRefused
  extends Schema.TaggedError<TimeZoneChangeRefused>("playtally/projections/TimeZoneChangeRefused")("TimeZoneChangeRefused", {
    message: Schema.String
  })
{}

/** How far a change of zone, or of the first day of the week, has come. */
export interface TimeZoneProgress {
  /** Slices that are done, of all that have to be gone through. */
  readonly done: number
  readonly total: number
  /** Users whose rows were rebuilt. */
  readonly users: number
}

/** What a tenant's zone or first day of the week is to be, and who is told how far it has come. */
export interface TimeZoneChange extends Partial<TenantDays.TenantDays> {
  readonly tenantId: TenantId
  readonly onProgress: (progress: TimeZoneProgress) => Effect.Effect<void>
}

/** Slices at work at once. */
const workers = 2

/**
 * Changes a tenant's zone or the first day of its weeks, or both, while everything else goes on. It
 * rebuilds the rows that depend on them, of every version that follows the log or is being rebuilt.
 * False if the tenant has them already.
 *
 * It moves some users at a time, under the checkpoints of their slice: one transaction writes their
 * rows and notes how far the change has come. So each user lives in one zone at any moment. Readers
 * and feeds of every process find out which from that note, and no document mixes two. Epochs are
 * raised. A user with very many events is rebuilt in steps, and parked meanwhile. Parked users stay
 * parked, and other tenants wait no longer than for a chunk.
 *
 * A change that is killed goes on where it was when it is asked for again. A change to another zone
 * first ends it.
 */
export const changeTimeZone = (
  source: FeedSource,
  stores: ReadonlyArray<ProjectionStore>,
  { onProgress, tenantId, timeZone, weekStart }: TimeZoneChange
): Effect.Effect<boolean, TimeZoneChangeRefused | SqlError.SqlError | DatabaseUnavailable> =>
  Effect.gen(function*() {
    const { sql } = source
    const zoned = stores.filter(({ projection }) => dependsOnTimeZone(projection) || dependsOnWeekStart(projection))
    const known = new Set(stores.map(({ projection }) => versionId(projection.name, projection.version, fingerprint(projection))))

    /** Rows of a version that this code cannot run would stay in the former zone. */
    const refuseUnknown = (slices: ReadonlyArray<Slice>) =>
      Effect.gen(function*() {
        const unknown = (yield* versionsWithRows(sql, slices)).find(({ identity, projection, version }) =>
          !known.has(versionId(projection, version, identity))
        )
        if (unknown === undefined) return
        const { projection, version } = unknown
        return yield* new TimeZoneChangeRefused({
          message: `This code does not know what projection ${projection} v${version} does, so it cannot make its rows in another zone. ` +
            "Run the command with the code that the service runs, or remove the version first."
        })
      })

    const moveSlice = Effect.fnUntraced(function*(slice: Slice) {
      const listed = yield* usersToMove(sql, { tenantId, slice })
      let moved = 0
      for (;;) {
        const batch = sql.withTransaction(Effect.gen(function*() {
          // Nobody registers or restarts a version meanwhile.
          yield* sql`select pg_advisory_xact_lock_shared(hashtext('playtally projections'))`
          yield* refuseUnknown([slice])
          return yield* refoldUsers(source, zoned, { tenantId, slice, listed })
        }))
        const { isLast, users } = yield* batch.pipe(
          Effect.retry({
            while: (error) => error._tag === "SqlError" && classifySqlError(error)._tag === "Transient",
            schedule: Schedule.spaced("200 millis").pipe(Schedule.upTo({ duration: "15 seconds" }))
          })
        )
        moved += users
        if (isLast) return moved
      }
    })

    const moveAll = Effect.gen(function*() {
      const slices = yield* TimeZoneMoves.slicesLeft(sql, tenantId)
      let [done, users] = [0, 0]
      yield* Effect.forEach(slices, (slice) =>
        Effect.flatMap(moveSlice(slice), (moved) => {
          users += moved
          return onProgress({ done: ++done, total: slices.length, users })
        }), { concurrency: workers, discard: true })
    })

    // Those with very many events, after the moves that began them; also of a change that was
    // killed.
    const endSteps = Effect.gen(function*() {
      for (const user of yield* ParkedUsers.usersInSteps(sql, tenantId)) {
        const store = stores.find(({ projection }) => projection.name === user.projection && projection.version === user.version)
        if (store !== undefined) yield* rebuildInSteps(source, store, user)
      }
    })

    yield* refuseUnknown(allSlices)
    for (;;) {
      const begun = yield* begin(sql, tenantId, { timeZone, weekStart })
      if (begun !== "There") yield* moveAll
      yield* endSteps
      // From here on nobody lives in the former zone. A change that was killed just before it said
      // so is told now.
      yield* sql.withTransaction(addGeneration(sql, { tenantId }))
      if (begun === "There") return false
      if (begun === "Begun") return true
    }
  })

/**
 * Gives the tenant its zone and first day of the week, and notes that all users of all slices still
 * live by the former ones. A change that was begun before, and not ended, comes first: "Other" if
 * it is another change, which is left as it is.
 */
const begin = (
  sql: PgClient.PgClient,
  tenantId: TenantId,
  to: { readonly timeZone: string | undefined; readonly weekStart: number | undefined }
): Effect.Effect<"There" | "Begun" | "Other", SqlError.SqlError> =>
  sql.withTransaction(Effect.gen(function*() {
    const former = yield* TenantDays.hold(sql, tenantId)
    const isUnderWay = (yield* TimeZoneMoves.slicesLeft(sql, tenantId)).length > 0
    const { timeZone = former.timeZone, weekStart = former.weekStart } = to
    if (former.timeZone === timeZone && former.weekStart === weekStart) return isUnderWay ? "Begun" : "There"
    if (isUnderWay) return "Other"
    yield* TimeZoneMoves.begin(sql, tenantId)
    yield* TenantDays.set(sql, tenantId, { timeZone, weekStart })
    // Readers see users who have moved before all have.
    yield* addGeneration(sql, { tenantId })
    return "Begun"
  }))

const versionId = (projection: string, version: number, identity: string): string => `${projection}/${version}/${identity}`

/** The versions that have folded anything in some slices. */
const versionsWithRows = (sql: PgClient.PgClient, slices: ReadonlyArray<Slice>) =>
  sql<{ projection: string; version: number; identity: string }>`
    select projection, version, identity from projection_versions where (projection, version) in (${Checkpoints.withRows(sql, slices)})`
