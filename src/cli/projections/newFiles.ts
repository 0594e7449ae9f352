import * as Effect from "effect/Effect"
import * as Path from "effect/Path"

/* Where the projections are in a working copy. Paths are relative to its folder. */

export const catalogFile = "src/projections/catalog/catalog.ts"
export const unexpectedCatalog = `${catalogFile} does not look as expected: a list of names, each imported in a line of its own.`

/** The files of the projection that the code calls by that name. */
export const filesOf = (variable: string) => ({
  source: `src/projections/catalog/${variable}.ts`,
  spec: `test/projections/catalog/${variable}.test.ts`
})

/** What the code calls a projection: `bigBets` for `big_bets`. */
export const variableOf = (name: string): string => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())

/** The folder of the working copy that this code is run from. */
export const workingCopy = Effect.flatMap(Path.Path, (path) => Effect.orDie(path.fromFileUrl(new URL("../../../", import.meta.url))))
