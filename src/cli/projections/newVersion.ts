import { Command } from "effect/cli"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import { cli } from "../../platform/cli.ts"
import { projectionsSetting } from "../../platform/Settings.ts"
import { own } from "../../projections/own/ownProjections.ts"
import { newestVersions } from "../../projections/projection/newestVersions.ts"
import { CommandFailed, explained } from "../CommandFailed.ts"
import { print } from "../print.ts"
import { KnownProjections } from "./KnownProjections.ts"
import { newCatalogEntry } from "./newCatalogEntry.ts"
import { catalogFile, filesOf, ownFileOf, unexpectedCatalog, variableOf, workingCopy } from "./newFiles.ts"
import { nameOfProjection } from "./projectionVersion.ts"

/**
 * `projections new-version NAME`: raises a projection's number, with what it has been beside it in
 * the catalog. Needs no database.
 */
export const newVersion = Command.make(
  "new-version",
  { name: nameOfProjection },
  Effect.fnUntraced(function*({ name }) {
    const folder = yield* projectionsSetting
    if (folder !== "" && own.projections.some((projection) => projection.name === name)) {
      const { kept, source, version } = yield* createOwnVersion(folder, name)
      return yield* print(
        `${source} is version ${version} now: change the rule there.`,
        `${kept} is what it was, and stays there until version ${version} has taken over.`,
        "",
        "Next, with the rule changed, each with the same folder:",
        `  ${cli} start`,
        `  ${cli} projections diff ${name} --sample 1%`
      )
    }
    const { kept, source, spec, version } = yield* createVersion(yield* workingCopy, name)
    yield* print(
      `${source} is version ${version} now: change the rule there.`,
      `${kept} is what it was, and stays in ${catalogFile} until version ${version} has taken over.`,
      "",
      "Next, with the rule changed:",
      `  npm test -- ${spec}`,
      "  npm start",
      `  npm run cli -- projections diff ${name} --sample 1%`
    )
  }, explained)
).pipe(Command.withDescription("Raise a projection's version, and keep the one before beside it, in the code"))

/**
 * Does it below `root`, the folder of a working copy; refuses, and changes nothing, if the files do
 * not look as `projections new` writes them.
 */
export const createVersion = Effect.fnUntraced(function*(root: string, name: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const variable = variableOf(name)
  const { source, spec } = filesOf(variable)
  const { kept, keptVariable, version, write } = yield* raised(root, name, (variable) => filesOf(variable).source)
  const before = yield* fs.readFileString(path.join(root, catalogFile))
  const after = newCatalogEntry(before, keptVariable, (names) => names.indexOf(variable) + 1)
  if (after === undefined) return yield* new CommandFailed({ message: unexpectedCatalog })
  yield* write
  yield* fs.writeFileString(path.join(root, catalogFile), after)
  return { source, spec, kept, version }
})

/** Does it in a folder of your own, where no list has the files. Gives the paths. */
export const createOwnVersion = Effect.fnUntraced(function*(folder: string, name: string) {
  const path = yield* Path.Path
  const { kept, source, version, write } = yield* raised(folder, name, ownFileOf)
  yield* write
  return { source: path.join(folder, source), kept: path.join(folder, kept), version }
})

/** What a projection's files become with its next version; `write` makes them so. */
const raised = Effect.fnUntraced(function*(root: string, name: string, fileOf: (variable: string) => string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const known = yield* KnownProjections
  const newest = newestVersions(known).find((projection) => projection.name === name)
  if (newest === undefined) return yield* new CommandFailed({ message: `This code has no projection ${name}.` })

  const variable = variableOf(name)
  const keptVariable = `${variable}V${newest.version}`
  const [source, kept] = [fileOf(variable), fileOf(keptVariable)]
  if (yield* fs.exists(path.join(root, kept))) return yield* new CommandFailed({ message: `${kept} exists already.` })
  const code = yield* fs.readFileString(path.join(root, source))
  const [declaration, number] = [`export const ${variable} = Projection.make({`, `  version: ${newest.version},`]
  if (code.split(declaration).length !== 2 || code.split(number).length !== 2) {
    return yield* new CommandFailed({ message: `${source} does not look as expected: "${declaration}", and "${number.trim()}" in it.` })
  }
  const version = newest.version + 1
  const write = Effect.gen(function*() {
    yield* fs.writeFileString(path.join(root, kept), code.replace(declaration, `export const ${keptVariable} = Projection.make({`), {
      flag: "wx"
    })
    yield* fs.writeFileString(path.join(root, source), code.replace(number, `  version: ${version},`))
  })
  return { keptVariable, source, kept, version, write }
})
