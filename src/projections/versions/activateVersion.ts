import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type { SqlError } from "effect/sql"
import { sqlState } from "../../database/classifySqlError.ts"
import { allSlices } from "../../event-log/sliceOf.ts"
import * as Checkpoints from "../feed/Checkpoints.ts"
import { addGeneration } from "../feed/generations.ts"
import * as ParkedUsers from "../feed/ParkedUsers.ts"
import { versionId } from "../feed/VersionRef.ts"
import type { ProjectionStore } from "../tables/ProjectionStore.ts"
import { replaceViews } from "../tables/replaceViews.ts"
import type { Comparison } from "./compareWithActive.ts"
import { movingTo, whileMoving } from "./movingTo.ts"
import { versionStates } from "./versions.ts"

/**
 * A version cannot take over; nothing has changed.
 *
 * - `AlreadyActive`: it is the active version.
 * - `NotRebuilt`: it is still to be rebuilt.
 * - `Behind`: it has folded less than the active version, in some slices, for ten seconds.
 * - `Parked`: users are parked in it. `withParked` accepts that.
 * - `ViewsInTheWay`: a view has other columns. `replaceViews` remakes it, if nothing depends on it.
 * - `NotComparable`: this code cannot run the active version. `acceptChanges` accepts that.
 * - `ChangesNumbers`: readers get other numbers. `acceptChanges` accepts that.
 * - `NoPreviousVersion`: there is no version to go back to.
 * - `Moving`: slices of the database are moving to another server.
 */
export class ActivationRefused
  extends Schema.TaggedError<ActivationRefused>("playtally/projections/ActivationRefused")("ActivationRefused", {
    reason: Schema.Literals([
      "AlreadyActive",
      "NotRebuilt",
      "Behind",
      "Parked",
      "ViewsInTheWay",
      "NotComparable",
      "ChangesNumbers",
      "NoPreviousVersion",
      "Moving"
    ]),
    projection: Schema.String,
    message: Schema.String,
    /** What readers would get, with the reason `ChangesNumbers`. */
    comparison: Schema.optionalKey(Schema.declare<Comparison>((_): _ is Comparison => true))
  })
{}

export interface ActivationOptions {
  /** Take over although users are parked in the version. */
  readonly withParked?: boolean
  /** Remake views that cannot be altered in place: columns gone or of another kind. */
  readonly replaceViews?: boolean
}

/** What a log in several databases needs besides, to switch in all of them or in none. */
export interface SwitchOptions extends ActivationOptions {
  /** Do everything, and take it back at once: whether the version could take over. */
  readonly isTrial?: boolean
  /** For a switch that is taken back: what was the version before the active one. */
  readonly previous?: number | null
}

/** A trial has gone well: its transaction is rolled back. */
class WouldDo extends Schema.TaggedError<WouldDo>("playtally/projections/WouldDo")("WouldDo", {}) {}

/**
 * Has readers read another version of a projection, from one moment to the next. One transaction
 * holds every checkpoint of both versions. It makes sure that the one to come is nowhere behind the
 * active one, and moves the pointer and the views. No event is lost or counted twice: both versions
 * are fed before and after. To go back is the same step the other way.
 */
export const activateVersion = (
  sql: PgClient.PgClient,
  store: ProjectionStore,
  options: SwitchOptions = {}
): Effect.Effect<void, ActivationRefused | SqlError.SqlError> => {
  const { name, version } = store.projection
  const refuse = (reason: ActivationRefused["reason"], message: string) =>
    new ActivationRefused({ reason, projection: name, message: `${versionId(store.projection)} ${message}` })

  const attempt = sql.withTransaction(Effect.gen(function*() {
    yield* sql`set local lock_timeout = '2s'`
    const [pointer] = yield* sql<{ active_version: number }>`
      select active_version from projections where projection = ${name} for update`
    const target = yield* movingTo(sql)
    if (target !== undefined) return yield* refuse("Moving", `cannot be activated now: ${whileMoving(target)}`)
    const active = pointer?.active_version
    if (active === version) return yield* refuse("AlreadyActive", "is the active version already.")
    const state = (yield* versionStates(sql)).find((known) => known.projection === name && known.version === version)
    if (state?.state !== "following") {
      return yield* refuse("NotRebuilt", "has not been rebuilt from the log yet.")
    }

    const checkpoints = yield* Checkpoints.hold(sql, [{ name, version }, { name, version: active ?? version }], allSlices)
    const positions = new Map(checkpoints.filter((row) => row.version === version).map(({ position, slice }) => [slice, position]))
    const behind = checkpoints.filter((row) => row.position > (positions.get(row.slice) ?? 0))
    if (behind.length > 0) return yield* refuse("Behind", `is behind in ${behind.length} slices. Is a service running that feeds it?`)

    const parked = yield* ParkedUsers.countIn(sql, store.projection)
    if (options.withParked !== true && parked > 0) {
      return yield* refuse("Parked", `has ${parked} parked users: their numbers stand still.`)
    }

    yield* sql`
      insert into projections (projection, active_version) values (${name}, ${version})
      on conflict (projection) do update
        set active_version = excluded.active_version, previous_version = projections.active_version, activated_at = now()`
    if (options.previous !== undefined) yield* sql`update projections set previous_version = ${options.previous} where projection = ${name}`
    yield* replaceViews(sql, store, { remake: options.replaceViews === true }).pipe(
      Effect.catchTag("ViewsInTheWay", ({ dependents, view }) =>
        Effect.fail(refuse(
          "ViewsInTheWay",
          `has other columns than the view ${view}.${dependents.length === 0 ? "" : ` These depend on the view: ${dependents.join(", ")}.`}`
        )))
    )
    yield* addGeneration(sql, { projection: name })
    if (options.isTrial === true) return yield* new WouldDo()
  }))

  return attempt.pipe(
    Effect.catchTag("WouldDo", () => Effect.void),
    Effect.retry({
      // Readers hold a view for moments, and a feed may be between the two versions' checkpoints:
      // both pass.
      while: (error) => error._tag === "SqlError" ? sqlState(error) === "55P03" || sqlState(error) === "40P01" : error.reason === "Behind",
      schedule: Schedule.spaced("200 millis").pipe(Schedule.upTo({ duration: "10 seconds" }))
    })
  )
}
