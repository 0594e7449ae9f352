import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { unavailable } from "../database/DatabaseUnavailable.ts"
import type { EventLog } from "../event-log/EventLog.ts"
import type { ProjectionStore } from "../projections/tables/ProjectionStore.ts"
import { refuseChanges } from "../projections/versions/activateCompared.ts"
import { activateVersion, ActivationRefused, type SwitchOptions } from "../projections/versions/activateVersion.ts"
import { addComparisons, type DiffOptions } from "../projections/versions/compareWithActive.ts"
import { findActive, findVersion, type VersionName } from "../projections/versions/findVersion.ts"
import { ProjectionCatalog } from "../projections/versions/ProjectionCatalog.ts"
import { ProjectionVersions } from "../projections/versions/ProjectionVersions.ts"
import { previousVersion } from "../projections/versions/versions.ts"
import { known } from "../values/known.ts"
import type { Slice } from "../values/Slice.ts"
import type { PartitionSet } from "./PartitionSet.ts"
import { inPartition } from "./PartitionUnavailable.ts"

/** What the versions of a partition need. */
export type VersionServices = ProjectionVersions | ProjectionCatalog | EventLog | PgClient.PgClient

/** How a projection stands in one partition. */
interface Standing {
  /** Names the partition. */
  readonly first: Slice
  readonly active: { readonly version: number; readonly store: ProjectionStore | undefined } | undefined
  readonly previous: number | undefined
}

/**
 * What changes which version is read, over the partitions.
 *
 * A switch is one transaction in each partition, in the order of their slices. Every partition has
 * tried it before the first one switches. If one fails nonetheless, those before it go back. While
 * the switch goes on, and after a process that died in it, users of some partitions read the
 * version and the others do not: the same call goes on with the others.
 */
export const spreadActivation = (set: PartitionSet<VersionServices>) => {
  const versionsOf = (services: Context.Context<VersionServices>) => Context.get(services, ProjectionVersions)

  const standings = (name: string) =>
    set.everywhere((services, { first }) => {
      const sql = Context.get(services, PgClient.PgClient)
      return Effect.all({
        first: Effect.succeed(first),
        active: findActive(sql, Context.get(services, ProjectionCatalog), name),
        previous: previousVersion(sql, name)
      }).pipe(unavailable("ProjectionVersions.standings"))
    })

  /** Compares where another version is active: everywhere, unless a switch has not ended. */
  const compare = Effect.fnUntraced(function*(version: VersionName, options: DiffOptions | undefined) {
    const { projection } = yield* named(version)
    const all = yield* standings(projection.name)
    const others = all.filter(({ active }) => active?.version !== projection.version)
    const compared = others.length === 0 ? all : others
    const { onCompared } = options ?? {}
    const parts = yield* Effect.forEach(compared, ({ first }, nth) => {
      const own = set.at(first, (services) =>
        versionsOf(services).diff(projection, {
          ...options,
          // One partition after the other.
          ...onCompared === undefined ? {} : {
            onCompared: ({ done, total }) => onCompared({ done: nth * total + done, total: compared.length * total })
          }
        }))
      // A partition without events tells nothing itself.
      return Effect.tap(own, () => onCompared?.({ done: nth + 1, total: compared.length }) ?? Effect.void)
    })
    return parts.reduce(addComparisons)
  })

  /** The version that is meant. Every partition has it in its catalog. */
  const named = (version: VersionName) =>
    Effect.map(
      set.everywhere((services) => findVersion(Context.get(services, ProjectionCatalog), version)),
      ([store]) => known(store, "version of the first partition")
    )

  const switchAt = (first: Slice, version: VersionName, options: SwitchOptions) =>
    set.at(first, (services) =>
      Effect.flatMap(
        findVersion(Context.get(services, ProjectionCatalog), version),
        (store) => activateVersion(Context.get(services, PgClient.PgClient), store, options)
      ).pipe(unavailable("ProjectionVersions.activate")))

  /** Has the version read again that was before a switch. */
  const takeBack = ({ active, first, previous }: Standing, { name }: VersionName) =>
    active?.store === undefined
      ? Effect.void
      : switchAt(first, { name, version: active.version }, { withParked: true, replaceViews: true, previous: previous ?? null }).pipe(
        Effect.catch((cause) =>
          Effect.logError("A switch could not be taken back: some users read the new version. Run the same command again.").pipe(
            Effect.annotateLogs({ projection: name, cause: cause.message })
          )
        )
      )

  const activate: ProjectionVersions["Service"]["activate"] = Effect.fn("ProjectionVersions.activate")(
    function*(wanted, { acceptChanges = false, ...options } = {}) {
      const { projection } = yield* named(wanted)
      const { name, version } = projection
      const all = yield* standings(name)
      const left = all.filter(({ active }) => active?.version !== version)
      // If it is active everywhere, this says so.
      for (const { first } of left.length === 0 ? all : []) yield* switchAt(first, projection, options)
      const before = left.find(({ active }) => active !== undefined)?.active
      if (!acceptChanges && before !== undefined) {
        yield* refuseChanges(projection, before.version, compare({ name, version }, {}))
      }
      for (const { first } of left) yield* switchAt(first, projection, { ...options, isTrial: true })
      const switched: Array<Standing> = []
      for (const standing of left) {
        yield* switchAt(standing.first, projection, options).pipe(
          Effect.tapError(() => Effect.forEach(switched.toReversed(), (one) => takeBack(one, projection), { discard: true }))
        )
        switched.push(standing)
      }
      return { name, version, before: before?.version }
    },
    inPartition("ProjectionVersions.activate")
  )

  const rollback: ProjectionVersions["Service"]["rollback"] = Effect.fn("ProjectionVersions.rollback")(
    function*(name, options) {
      const version = targetOfRollback(yield* standings(name))
      if (version === undefined) {
        const message = `There is no version of ${name} to go back to.`
        return yield* new ActivationRefused({ reason: "NoPreviousVersion", projection: name, message })
      }
      return yield* activate({ name, version }, { ...options, acceptChanges: true })
    },
    inPartition("ProjectionVersions.rollback")
  )

  const remove: ProjectionVersions["Service"]["remove"] = Effect.fn("ProjectionVersions.remove")(
    function*(version) {
      // First where it is active, which refuses before anything is gone.
      const all = (yield* standings(version.name)).toSorted((a, b) =>
        Number(b.active?.version === version.version) - Number(a.active?.version === version.version)
      )
      for (const { first } of all) yield* set.at(first, (services) => versionsOf(services).remove(version))
    },
    inPartition("ProjectionVersions.remove")
  )

  return { compare, activate, rollback, remove }
}

/**
 * The version to go back to.
 *
 * Where partitions differ, a switch has not ended: the first ones have switched. If it was a way
 * back, it goes on. If it was a way forward, the first ones go back.
 */
const targetOfRollback = (all: ReadonlyArray<Standing>): number | undefined => {
  const first = known(all[0], "first partition")
  const last = known(all.at(-1), "last partition")
  const active = last.active?.version
  if (first.active?.version === active) return first.previous
  return first.previous === active && last.previous !== first.active?.version ? active : first.active?.version
}
