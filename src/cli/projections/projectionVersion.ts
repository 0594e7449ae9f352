import { PgClient } from "@effect/sql-pg"
import { Argument, Flag } from "effect/cli"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { ProjectionStore } from "../../projections/tables/ProjectionStore.ts"
import { ProjectionCatalog } from "../../projections/versions/ProjectionCatalog.ts"
import { activeVersions } from "../../projections/versions/versions.ts"

/** This code has no projection of that name and version. */
export class NoSuchProjection extends Schema.TaggedError<NoSuchProjection>("playtally/cli/NoSuchProjection")("NoSuchProjection", {
  message: Schema.String
}) {}

/** The name of a projection. */
export const nameOfProjection = Argument.String("projection").pipe(Argument.withDescription("Name of the projection, such as casino"))

/** Which version of it, where the newest in the code is not meant. */
export const versionFlag = Flag.Int("version").pipe(
  Flag.withDescription("The version; the newest in this code unless given"),
  Flag.optional
)

/** A version that this code knows and can run: the one named, or the newest. */
export const storeOf = Effect.fnUntraced(function*(name: string, version: Option.Option<number>) {
  const { failing, stores } = yield* ProjectionCatalog
  const named = stores.filter(({ projection }) => projection.name === name).sort((a, b) => b.projection.version - a.projection.version)
  const store = named.find(({ projection }) => Option.isNone(version) || projection.version === version.value)
  const failed = failing
    .filter(({ projection }) => projection === name)
    .sort((a, b) => b.version - a.version)
    .find((known) =>
      Option.match(version, { onNone: () => known.version > (store?.projection.version ?? 0), onSome: (v) => known.version === v })
    )
  if (failed !== undefined) return yield* new NoSuchProjection({ message: failed.message })
  if (store !== undefined) return store
  const known = stores.map(({ projection }) => `${projection.name} v${projection.version}`).join(", ")
  const wanted = Option.match(version, { onNone: () => name, onSome: (version) => `${name} v${version}` })
  return yield* new NoSuchProjection({ message: `This code has no projection ${wanted}. It has: ${known}.` })
})

/** The version that is read, if there is one and this code can run it. */
export const activeStoreOf = Effect.fnUntraced(function*(name: string) {
  const { stores } = yield* ProjectionCatalog
  const active = yield* activeVersionOf(name)
  return stores.find(({ projection }) => projection.name === name && projection.version === active)
})

/** The number of the version that is read, if there is one, whether this code knows it or not. */
export const activeVersionOf = Effect.fnUntraced(function*(name: string) {
  return (yield* activeVersions(yield* PgClient.PgClient)).get(name)
})

/** `casino v2`. */
export const title = ({ projection }: ProjectionStore): string => `${projection.name} v${projection.version}`
