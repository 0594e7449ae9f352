import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { SqlError } from "effect/sql"
import { versionId } from "../feed/VersionRef.ts"
import type { ProjectionStore } from "../tables/ProjectionStore.ts"
import type { ProjectionCatalog } from "./ProjectionCatalog.ts"
import { activeVersions } from "./versions.ts"

/** A projection by name and, if a certain version is meant, its number. */
export interface VersionName {
  readonly name: string
  readonly version?: number | undefined
}

/**
 * This code cannot do anything with that version.
 *
 * - `NotInThisCode`: its catalog has no such version.
 * - `FailsOnSampleLog`: its catalog has the version, but the fold or the section throws.
 */
export class UnknownVersion extends Schema.TaggedError<UnknownVersion>("playtally/projections/UnknownVersion")("UnknownVersion", {
  reason: Schema.Literals(["NotInThisCode", "FailsOnSampleLog"]),
  message: Schema.String
}) {}

type Catalog = ProjectionCatalog["Service"]

/** The version that is named, or the newest of the projection, if this code can run it. */
export const findVersion = (
  { failing, stores }: Pick<Catalog, "failing" | "stores">,
  { name, version }: VersionName
): Effect.Effect<ProjectionStore, UnknownVersion> =>
  Effect.suspend(() => {
    const named = stores.filter(({ projection }) => projection.name === name).sort((a, b) => b.projection.version - a.projection.version)
    const store = named.find(({ projection }) => version === undefined || projection.version === version)
    const failed = failing
      .filter(({ projection }) => projection === name)
      .sort((a, b) => b.version - a.version)
      // A newer version that fails is the newest one: an older one is not what was meant.
      .find((known) => version === undefined ? known.version > (store?.projection.version ?? 0) : known.version === version)
    if (failed !== undefined) return Effect.fail(new UnknownVersion({ reason: "FailsOnSampleLog", message: failed.message }))
    if (store !== undefined) return Effect.succeed(store)
    const wanted = version === undefined ? name : versionId({ name, version })
    const all = stores.map(({ projection }) => versionId(projection)).join(", ")
    const message = `This code has no projection ${wanted}. It has: ${all}.`
    return Effect.fail(new UnknownVersion({ reason: "NotInThisCode", message }))
  })

/** The active version of a projection: its number, and its store if this code can run it. */
export interface ActiveVersion {
  readonly version: number
  readonly store: ProjectionStore | undefined
}

/** The active version of a projection; undefined if none is active yet. */
export const findActive = (
  sql: PgClient.PgClient,
  { stores }: Pick<Catalog, "stores">,
  name: string
): Effect.Effect<ActiveVersion | undefined, SqlError.SqlError> =>
  Effect.map(activeVersions(sql), (active) => {
    const version = active.get(name)
    return version === undefined
      ? undefined
      : { version, store: stores.find(({ projection }) => projection.name === name && projection.version === version) }
  })
