import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type DatabaseUnavailable, unavailable } from "../database/DatabaseUnavailable.ts"
import { sliceOf } from "../event-log/sliceOf.ts"
import { versionId, type VersionRef } from "../projections/feed/VersionRef.ts"
import type { ProjectionStore } from "../projections/tables/ProjectionStore.ts"
import { findVersion, type UnknownVersion, type VersionName } from "../projections/versions/findVersion.ts"
import { addListed, type ListedVersion } from "../projections/versions/listVersions.ts"
import { ProjectionCatalog } from "../projections/versions/ProjectionCatalog.ts"
import { ProjectionVersions } from "../projections/versions/ProjectionVersions.ts"
import type { RebuildProgress } from "../projections/versions/rebuild.ts"
import { isRanked, type RebuildListeners, type RebuiltVersion, versionsToRebuild } from "../projections/versions/rebuildVersions.ts"
import type { VerifiedVersion, VerifyListeners } from "../projections/versions/verifyVersion.ts"
import { compareUtf8 } from "../values/compareUtf8.ts"
import { Partitions } from "./Partitions.ts"
import type { PartitionSet } from "./PartitionSet.ts"
import { inPartition } from "./PartitionUnavailable.ts"
import { spreadActivation, type VersionServices } from "./spreadActivation.ts"

/** The most parked users that are listed, as of one partition. */
const maxListed = 1000

const quiet = () => Effect.void

/** Adds up what there is of each version, in the order in which the versions come. */
const byVersion = <A>(all: ReadonlyArray<A>, version: (one: A) => VersionRef, add: (one: A, other: A) => A): ReadonlyArray<A> =>
  [...Map.groupBy(all, (one) => versionId(version(one))).values()].map((own) => own.reduce(add))

/**
 * `ProjectionVersions` over the partitions. Each partition has its own versions and checkpoints.
 *
 * A rebuild, a comparison and a verification go on in all partitions at once, and what they say is
 * of all together. What is done to one user is done in the user's partition.
 */
export const spreadVersions = (set: PartitionSet<VersionServices>): ProjectionVersions["Service"] => {
  const of = Context.get<VersionServices, ProjectionVersions, ProjectionVersions["Service"]>(ProjectionVersions)

  /** The versions that are meant, in the order in which they can be rebuilt together. */
  const groupsOf = (which: ReadonlyArray<VersionName> | "AllToBeRebuilt") =>
    Effect.map(
      set.everywhere((services) => {
        const catalog = Context.get(services, ProjectionCatalog)
        const stores: Effect.Effect<ReadonlyArray<ProjectionStore>, UnknownVersion | DatabaseUnavailable> = which === "AllToBeRebuilt"
          ? unavailable("ProjectionVersions.rebuild")(versionsToRebuild(catalog))
          : Effect.forEach(which, (version) => findVersion(catalog, version))
        return stores
      }),
      (found) => {
        const stores = new Map(found.flat().map((store) => [versionId(store.projection), store]))
        const named = (ranked: boolean) =>
          [...stores.values()].filter((store) => isRanked(store) === ranked).map(({ projection: { name, version } }) => ({ name, version }))
        return [named(false), named(true)].filter((group) => group.length > 0)
      }
    )

  const rebuild = Effect.fn("ProjectionVersions.rebuild")(
    function*<E = never, R = never>(
      which: ReadonlyArray<VersionName> | "AllToBeRebuilt",
      { onProgress = quiet, onRebuilt = quiet }: Partial<RebuildListeners<E, R>> = {}
    ) {
      for (const group of yield* groupsOf(which)) {
        const progress = new Map<number, RebuildProgress>()
        const parts = yield* set.everywhere((services, { partition }) => {
          const rebuilt: Array<RebuiltVersion> = []
          return Effect.as(
            of(services).rebuild(group, {
              onProgress: (own) => {
                progress.set(partition, own)
                return progress.size < set.map().length ? Effect.void : onProgress([...progress.values()].reduce(addProgress))
              },
              onRebuilt: (version) => Effect.sync(() => void rebuilt.push(version))
            }),
            rebuilt
          )
        })
        for (const rebuilt of byVersion(parts.flat(), ({ projection }) => projection, addRebuilt)) yield* onRebuilt(rebuilt)
      }
    },
    inPartition("ProjectionVersions.rebuild")
  )

  const verify = Effect.fn("ProjectionVersions.verify")(
    function*<E = never, R = never>(
      which: VersionName | "AllActive",
      { onFinding = quiet, onSlice = quiet, onVerified = quiet }: Partial<VerifyListeners<E, R>> = {}
    ) {
      const slices = new Map<number, { readonly done: number; readonly total: number }>()
      const parts = yield* set.everywhere((services, { partition }) => {
        const verified: Array<VerifiedVersion> = []
        return Effect.map(
          of(services).verify(which, {
            onFinding,
            onSlice: (own) => {
              slices.set(partition, own)
              return onSlice([...slices.values()].reduce((sum, { done, total }) => ({ done: sum.done + done, total: sum.total + total })))
            },
            onVerified: (version) => Effect.sync(() => void verified.push(version))
          }),
          (outcome) => ({ ...outcome, verified })
        )
      })
      const all = parts.flatMap(({ verified }) => verified)
      for (const verified of byVersion(all, ({ projection }) => projection, addVerified)) yield* onVerified(verified)
      return {
        findings: parts.reduce((sum, { findings }) => sum + findings, 0),
        failing: Math.max(...parts.map(({ failing }) => failing))
      }
    },
    inPartition("ProjectionVersions.verify")
  )

  const unpark: ProjectionVersions["Service"]["unpark"] = Effect.fn("ProjectionVersions.unpark")(
    function*(projection, onUser) {
      const parts = yield* set.everywhere((services) => of(services).unpark(projection, onUser))
      return parts.reduce((sum, { freed, stillParked }) => ({ freed: sum.freed + freed, stillParked: sum.stillParked + stillParked }))
    },
    inPartition("ProjectionVersions.unpark")
  )

  const { activate, compare, rollback, remove } = spreadActivation(set)

  return ProjectionVersions.of({
    list: Effect.map(
      set.everywhere((services) => of(services).list),
      (parts) =>
        byVersion<ListedVersion>(parts.flat(), (version) => version, addListed)
          .toSorted((a, b) => compareUtf8(a.name, b.name) || a.version - b.version)
    ).pipe(inPartition("ProjectionVersions.list")),
    rebuild,
    rebuildUser: (version, user) =>
      set.at(sliceOf(user.tenantId, user.userId), (services) => of(services).rebuildUser(version, user)).pipe(
        inPartition("ProjectionVersions.rebuildUser")
      ),
    diff: Effect.fn("ProjectionVersions.diff")((version, options) => compare(version, options), inPartition("ProjectionVersions.diff")),
    activate,
    rollback,
    verify,
    parked: (projection) =>
      Effect.map(
        set.everywhere((services) => of(services).parked(projection)),
        (parts) =>
          parts.flat()
            .toSorted((a, b) => compareUtf8(a.projection, b.projection) || a.version - b.version || a.slice - b.slice)
            .slice(0, maxListed)
      ).pipe(inPartition("ProjectionVersions.parked")),
    unpark,
    remove
  })
}

/** {@link spreadVersions} of the service. */
export const spreadVersionsOfService = Layer.effect(ProjectionVersions, Effect.map(Partitions, (partitions) => spreadVersions(partitions)))

const addProgress = (one: RebuildProgress, other: RebuildProgress): RebuildProgress => ({
  done: one.done + other.done,
  total: one.total + other.total,
  heldBack: Math.max(one.heldBack, other.heldBack)
})

const addRebuilt = (one: RebuiltVersion, other: RebuiltVersion): RebuiltVersion => ({
  ...one,
  done: one.done + other.done,
  total: one.total + other.total,
  // Where a partition had no events, the version may be the active one already.
  activeVersion: Math.min(one.activeVersion, other.activeVersion),
  isFirst: one.isFirst || other.isFirst
})

const addVerified = (one: VerifiedVersion, other: VerifiedVersion): VerifiedVersion => ({
  ...one,
  events: one.events + other.events,
  users: one.users + other.users,
  parked: one.parked + other.parked,
  findings: one.findings + other.findings
})
