import * as Effect from "effect/Effect"
import { projectionsSetting } from "../../platform/Settings.ts"
import { catalog } from "../catalog/catalog.ts"
import { formerVersions } from "../catalog/formerVersions.ts"
import type { AnyProjection } from "../projection/Projection.ts"
import { mayBeEmpty } from "./emptyFolder.ts"
import { type LoadedFolder, loadFolder } from "./loadFolder.ts"

const nothing: LoadedFolder = { projections: [], files: [] }

const load = Effect.gen(function*() {
  const folder = yield* projectionsSetting
  if (folder === "") return nothing
  return yield* loadFolder(folder, catalog).pipe(
    Effect.catch((error) =>
      mayBeEmpty() && (error.reason === "NoFolder" || error.reason === "NoFiles") ? Effect.succeed(nothing) : Effect.fail(error)
    )
  )
})

/**
 * The projections of the folder that `PROJECTIONS_DIR` names, which each thread of each process
 * loads with its modules. So whatever knows the catalog knows them too: the API's description, the
 * commands, and the threads that feed.
 *
 * This module cannot be imported, with a `ProjectionsUnusable`, if the folder cannot be used.
 */
export const own: LoadedFolder = await Effect.runPromise(load)

/** Every projection that is run, the catalog's first. */
export const runProjections: ReadonlyArray<AnyProjection> = [...catalog, ...own.projections]

/**
 * All that this code can go on with: those that are run, and the former versions that a database
 * may have.
 */
export const releasedVersions: ReadonlyArray<AnyProjection> = [...runProjections, ...formerVersions]
