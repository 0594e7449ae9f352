import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import { CommandFailed } from "../CommandFailed.ts"

/*
 * Where the projections are: in the catalog of a working copy, whose paths are relative to its
 * folder, or in a folder of your own.
 */

export const catalogFile = "src/projections/catalog/catalog.ts"
export const unexpectedCatalog = `${catalogFile} does not look as expected: a list of names, each imported in a line of its own.`

/** The files of the projection that the code calls by that name. */
export const filesOf = (variable: string) => ({
  source: `src/projections/catalog/${variable}.ts`,
  spec: `test/projections/catalog/${variable}.test.ts`
})

/** The file of a projection in a folder of your own. */
export const ownFileOf = (variable: string): string => `${variable}.ts`

/** What the code calls a projection: `bigBets` for `big_bets`. */
export const variableOf = (name: string): string => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())

/** The folder of the working copy that this code is run from. An installed package is none. */
export const workingCopy = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const folder = yield* Effect.orDie(path.fromFileUrl(new URL("../../../", import.meta.url)))
  return (yield* fs.exists(path.join(folder, catalogFile)))
    ? folder
    : yield* new CommandFailed({ message: "Say where your projections are: --projections DIR, or the setting PROJECTIONS_DIR." })
})
