import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type DatabaseUnavailable, unavailable } from "../../database/DatabaseUnavailable.ts"
import { PoolShare } from "../../database/PoolShare.ts"
import { EventLog, type EventLogCorrupt } from "../../event-log/EventLog.ts"
import * as ParkedUsers from "../feed/ParkedUsers.ts"
import { isSameVersion, type VersionRef } from "../feed/VersionRef.ts"
import type { UserRef } from "../tables/ProjectionStore.ts"
import { activateCompared, type Activation } from "./activateCompared.ts"
import { type ActivationOptions, ActivationRefused } from "./activateVersion.ts"
import { compareWithActive, type Comparison, type DiffOptions, type DiffRefused } from "./compareWithActive.ts"
import { findActive, findVersion, type UnknownVersion, type VersionName } from "./findVersion.ts"
import { type ListedVersion, listVersions } from "./listVersions.ts"
import { ProjectionCatalog } from "./ProjectionCatalog.ts"
import { rebuildUser } from "./rebuildUser.ts"
import { type RebuildListeners, rebuildVersions, versionsToRebuild } from "./rebuildVersions.ts"
import { type RemovalRefused, removeVersion } from "./removeVersion.ts"
import { type VerifyListeners, verifyVersions } from "./verifyVersion.ts"
import { previousVersion } from "./versions.ts"

/** A user whose rows of a version have been rebuilt, unless an event could not be folded. */
export interface RebuiltUser extends UserRef, VersionRef {
  readonly isParked: boolean
}

/**
 * What can be done with the versions of projections.
 *
 * The story of a change. On Friday afternoon a developer changes the rule of a projection, gives it
 * the next number and keeps the former version beside it in the catalog. The service starts with
 * both: the active version is fed as before, and `list` shows the new one as to be rebuilt. Then:
 *
 *   1. `diff` with a sample shows in seconds whose numbers change, and by how much.
 *   2. `rebuild` makes the new version's rows from the log. From then on both versions are fed.
 *   3. `diff` shows what changes for all users. `verify` folds the log once more and compares.
 *   4. `activate` has readers read the new version, from one moment to the next.
 *   5. `rollback` goes back in the same way, as long as the former version is there.
 *   6. `remove` forgets the former version. Its code can leave the catalog.
 *
 * Readers and senders notice nothing of this but the numbers of step 4. Each step may be stopped at
 * any moment, and asked for again: it goes on from where it was, or nothing has happened.
 *
 * Nobody parks a user by hand. The feed parks a user whose events a fold cannot process, and a
 * rebuild in steps parks its user until it ends. After the fold is mended, `unpark` takes such
 * users back.
 *
 * A version is named by its projection and a number. Without a number it is the newest in this
 * code, where nothing else is said. Every method that takes a version fails with `UnknownVersion`
 * if this code has no such version or cannot run it. Every method fails with `DatabaseUnavailable`
 * if the database does not answer.
 */
export class ProjectionVersions extends Context.Service<ProjectionVersions, {
  /**
   * Every version that the database knows: whether it is read, whether this code can run it, how
   * far it is and how many users are parked in it. It changes nothing.
   */
  readonly list: Effect.Effect<ReadonlyArray<ListedVersion>, DatabaseUnavailable>
  /**
   * Makes versions' rows from the log, while everything else goes on, and has them fed from then
   * on. "AllToBeRebuilt" are the newest versions of all projections that are not fed yet.
   *
   * Every event counts once, also those that come meanwhile: each chunk writes its rows and its
   * checkpoints in one transaction, so a rebuild that is killed goes on from there. It holds back
   * while appends are slow. Readers of the active version see none of it. A version whose
   * projection has no active version becomes active. A version that is rebuilt already is caught
   * up.
   *
   * It ends in `EventLogCorrupt` at a position that is missing in the log. It ends in
   * `ActivationRefused` if a first version cannot become active. The version is rebuilt then.
   *
   * Rows that are wrong are thrown away before, by the `remakes` of `ProjectionCatalog`.
   */
  readonly rebuild: <E = never, R = never>(
    which: ReadonlyArray<VersionName> | "AllToBeRebuilt",
    listeners?: Partial<RebuildListeners<E, R>>
  ) => Effect.Effect<void, UnknownVersion | EventLogCorrupt | ActivationRefused | DatabaseUnavailable | E, R>
  /**
   * Makes one user's rows of a version from the user's events again, while everything else goes on:
   * for rows that `verify` found wrong. Without a number it is the active version, if this code can
   * run it.
   *
   * Readers see the rows of before or the new ones. A user with very many events is rebuilt in
   * steps and is parked meanwhile, which readers are told. A parked user is taken back. If an event
   * cannot be folded, the user is parked, and the answer says so.
   */
  readonly rebuildUser: (version: VersionName, user: UserRef) => Effect.Effect<RebuiltUser, UnknownVersion | DatabaseUnavailable>
  /**
   * What a version changes against the active one: rows, columns, and the sections that readers
   * get. It is exact while events come in, since both versions are compared at one position of each
   * slice. Users who are parked in one of the two are left out and counted.
   *
   * It changes nothing but what the feed would change: in each slice it feeds both versions, the
   * active one included, to the end of the log. A user on whose event a fold fails is parked there,
   * as by the feed.
   *
   * With a sample it compares a part of the users. If the version is still to be rebuilt, it first
   * rebuilds that part of it, which may end in `EventLogCorrupt`.
   *
   * `DiffRefused`: "NoOtherVersion" if no other version is active that this code can run;
   * "NotRebuilt" if the version is still to be rebuilt and there is no sample.
   */
  readonly diff: (
    version: VersionName,
    options?: DiffOptions
  ) => Effect.Effect<Comparison, UnknownVersion | DiffRefused | EventLogCorrupt | DatabaseUnavailable>
  /**
   * Has readers read a rebuilt version, in one transaction: no reader sees a mix of the two, and no
   * event is lost or counted twice. The former version is fed on, for `rollback`.
   *
   * Without `acceptChanges` it compares all users first, and refuses if anybody's numbers differ.
   * The comparison and the switch are transactions of their own. Events that come between them are
   * folded by both versions, and nobody has compared what they made of these.
   *
   * `ActivationRefused`, and nothing has changed: "AlreadyActive"; "NotRebuilt"; "NotComparable"
   * and "ChangesNumbers" without `acceptChanges`; "Parked" without `withParked`; "ViewsInTheWay"
   * without `replaceViews`, or if other objects depend on the view; "Behind" if no service feeds
   * the version; "Moving" while slices are moving to another server.
   */
  readonly activate: (
    version: VersionName,
    options?: ActivationOptions & { readonly acceptChanges?: boolean }
  ) => Effect.Effect<Activation, UnknownVersion | ActivationRefused | DatabaseUnavailable>
  /**
   * Has readers read the version again that was active before, which has been fed all along. It is
   * `activate` the other way, without a comparison, and refuses for the same reasons, and with
   * "NoPreviousVersion". To go back twice is to go forward.
   */
  readonly rollback: (
    projection: string,
    options?: ActivationOptions
  ) => Effect.Effect<Activation, UnknownVersion | ActivationRefused | DatabaseUnavailable>
  /**
   * Folds the log in memory beside the live rows, and tells every row and section that differs.
   * Without a number it is the active version. It is exact while events come in, and changes no
   * rows. A version without findings is noted to agree with the source of this code.
   *
   * "AllActive" are the active versions of all projections. One that this code cannot run is left
   * out; `failing` counts those that fail on the sample log.
   */
  readonly verify: <E = never, R = never>(
    which: VersionName | "AllActive",
    listeners?: Partial<VerifyListeners<E, R>>
  ) => Effect.Effect<{ readonly findings: number; readonly failing: number }, UnknownVersion | DatabaseUnavailable | E, R>
  /**
   * The users who are parked in the versions of a projection, or of all: the first thousand, with
   * where and why. It changes nothing.
   */
  readonly parked: (projection?: string) => Effect.Effect<ReadonlyArray<ParkedUsers.ListedParkedUser>, DatabaseUnavailable>
  /**
   * Rebuilds each user of {@link parked}, as `rebuildUser` does, after a fold was mended. Versions
   * that this code cannot run are left out. `onUser` is told of each user.
   */
  readonly unpark: <E = never, R = never>(
    projection?: string,
    onUser?: (user: RebuiltUser) => Effect.Effect<void, E, R>
  ) => Effect.Effect<{ readonly freed: number; readonly stillParked: number }, DatabaseUnavailable | E, R>
  /**
   * Forgets a version and drops its tables, while everything else goes on. It waits for the chunks
   * that are being fed to it. Code that still has the version leaves it alone until it starts
   * again, and then registers it as a new one.
   *
   * `RemovalRefused`, and nothing has changed: "Active"; "Moving".
   */
  readonly remove: (version: VersionRef) => Effect.Effect<void, UnknownVersion | RemovalRefused | DatabaseUnavailable>
}>()("playtally/projections/ProjectionVersions") {
  static readonly layer: Layer.Layer<ProjectionVersions, never, PgClient.PgClient | EventLog | ProjectionCatalog> = Layer.effect(
    ProjectionVersions,
    Effect.gen(function*() {
      const sql = yield* PgClient.PgClient
      const catalog = yield* ProjectionCatalog
      const source = { sql, log: yield* EventLog, catalog }
      const find = (version: VersionName) => findVersion(catalog, version)
      const shared = Effect.provideService(PoolShare, yield* PoolShare)
      const quiet = () => Effect.void

      const rebuild = Effect.fn("ProjectionVersions.rebuild")(
        function*<E = never, R = never>(
          which: ReadonlyArray<VersionName> | "AllToBeRebuilt",
          { onProgress = quiet, onRebuilt = quiet }: Partial<RebuildListeners<E, R>> = {}
        ) {
          const stores = which === "AllToBeRebuilt" ? yield* versionsToRebuild(catalog) : yield* Effect.forEach(which, find)
          yield* rebuildVersions(source, [...new Set(stores)], { onProgress, onRebuilt })
        },
        shared,
        unavailable("ProjectionVersions.rebuild")
      )

      const rebuildOne = Effect.fnUntraced(function*(version: VersionName, user: UserRef) {
        const active = version.version === undefined ? (yield* findActive(sql, catalog, version.name))?.store : undefined
        const store = active ?? (yield* find(version))
        const isFed = yield* rebuildUser(source, store, user)
        const { projection } = store
        return { ...user, name: projection.name, version: projection.version, isParked: !isFed }
      })

      const activate: ProjectionVersions["Service"]["activate"] = Effect.fn("ProjectionVersions.activate")(
        function*(version, options = {}) {
          return yield* activateCompared(source, yield* find(version), options)
        },
        unavailable("ProjectionVersions.activate")
      )

      const rollback: ProjectionVersions["Service"]["rollback"] = Effect.fn("ProjectionVersions.rollback")(
        function*(name, options) {
          const version = yield* previousVersion(sql, name)
          if (version === undefined) {
            const message = `There is no version of ${name} to go back to.`
            return yield* new ActivationRefused({ reason: "NoPreviousVersion", projection: name, message })
          }
          return yield* activate({ name, version }, { ...options, acceptChanges: true })
        },
        unavailable("ProjectionVersions.rollback")
      )

      const verify = Effect.fn("ProjectionVersions.verify")(
        function*<E = never, R = never>(
          which: VersionName | "AllActive",
          { onFinding = quiet, onSlice = quiet, onVerified = quiet }: Partial<VerifyListeners<E, R>> = {}
        ) {
          return yield* verifyVersions(source, which, { onFinding, onSlice, onVerified })
        },
        unavailable("ProjectionVersions.verify")
      )

      const unpark = Effect.fn("ProjectionVersions.unpark")(
        function*<E = never, R = never>(name?: string, onUser: (user: RebuiltUser) => Effect.Effect<void, E, R> = quiet) {
          let [freed, stillParked] = [0, 0]
          for (const { projection, tenantId, userId, version } of yield* ParkedUsers.list(sql, name)) {
            const store = catalog.stores.find((store) => isSameVersion(store.projection, { name: projection, version }))
            if (store === undefined) continue
            const isParked = !(yield* rebuildUser(source, store, { tenantId, userId }))
            if (isParked) stillParked++
            else freed++
            yield* onUser({ name: projection, version, tenantId, userId, isParked })
          }
          return { freed, stillParked }
        },
        unavailable("ProjectionVersions.unpark")
      )

      return ProjectionVersions.of({
        list: listVersions(sql, catalog).pipe(unavailable("ProjectionVersions.list"), Effect.withSpan("ProjectionVersions.list")),
        rebuild,
        rebuildUser: Effect.fn("ProjectionVersions.rebuildUser")(rebuildOne, unavailable("ProjectionVersions.rebuildUser")),
        diff: Effect.fn("ProjectionVersions.diff")(
          function*(version, options = {}) {
            return yield* compareWithActive(source, yield* find(version), options)
          },
          shared,
          unavailable("ProjectionVersions.diff")
        ),
        activate,
        rollback,
        verify,
        parked: Effect.fn("ProjectionVersions.parked")((name) => ParkedUsers.list(sql, name), unavailable("ProjectionVersions.parked")),
        unpark,
        remove: Effect.fn("ProjectionVersions.remove")(
          function*(version) {
            yield* removeVersion(sql, yield* find(version))
          },
          unavailable("ProjectionVersions.remove")
        )
      })
    })
  )
}
