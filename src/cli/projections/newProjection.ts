import { Argument, Command } from "effect/cli"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import { cli } from "../../platform/cli.ts"
import { projectionsSetting } from "../../platform/Settings.ts"
import { isTaken, ProjectionName } from "../../projections/projection/projectionName.ts"
import { CommandFailed, explained } from "../CommandFailed.ts"
import { print } from "../print.ts"
import { KnownProjections } from "./KnownProjections.ts"
import { newCatalogEntry } from "./newCatalogEntry.ts"
import { catalogFile, filesOf, ownFileOf, unexpectedCatalog, variableOf, workingCopy } from "./newFiles.ts"
import { projectionSource, specSource } from "./newTemplates.ts"

/** Names that a constant cannot have, or that the code of a projection has for something else. */
const words = new Set(
  ("arguments as async await break case catch class const continue debugger default delete do else enum eval export extends false finally for function " +
    "if implements import in instanceof interface let new null of package private protected public return static super switch this throw true try typeof " +
    "undefined var void while with yield amount bet byCurrency catalog columns count describe given it keepsTheLaws latest projectionSpec win")
    .split(" ")
)

/**
 * `projections new NAME`: writes a projection that works, with its spec, and adds it to the
 * catalog. Needs no database.
 */
export const newProjection = Command.make(
  "new",
  {
    name: Argument.String("name").pipe(
      Argument.withDescription("Name of the projection, such as big_bets"),
      Argument.withSchema(ProjectionName)
    )
  },
  Effect.fnUntraced(function*({ name }) {
    const folder = yield* projectionsSetting
    if (folder !== "") {
      const file = yield* createOwnProjection(folder, name)
      return yield* print(
        `Wrote ${file}, which counts casino bets per currency.`,
        "",
        "Next, each with the same folder:",
        `  ${cli} start`,
        `  ${cli} projections rebuild ${name}    if there are events already`,
        "docs/projections.md goes on from here."
      )
    }
    const { source, spec } = yield* createProjection(yield* workingCopy, name)
    yield* print(
      `Wrote ${source}, which counts casino bets per currency,`,
      `and its spec ${spec}, and added it to ${catalogFile}.`,
      "",
      "Next:",
      `  npm test -- ${spec}`,
      "  npm start",
      `  npm run cli -- projections rebuild ${name}    if there are events already`,
      "docs/projections.md goes on from here."
    )
  }, explained)
).pipe(
  Command.withDescription(
    "Write the skeleton of a projection: into the folder of --projections, or with its spec into the catalog of a working copy"
  )
)

/** Refuses a name that means something else, or that there is already. */
const refuseTaken = Effect.fnUntraced(function*(name: string) {
  const known = yield* KnownProjections
  if (words.has(variableOf(name)) || isTaken(name)) return yield* new CommandFailed({ message: `"${name}" means something else already.` })
  if (known.some((projection) => projection.name === name)) {
    return yield* new CommandFailed({ message: `There is a projection "${name}" already.` })
  }
})

/** Writes a projection into a folder of your own, which it makes if it has to. Gives the path. */
export const createOwnProjection = Effect.fnUntraced(function*(folder: string, name: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const variable = variableOf(name)
  yield* refuseTaken(name)
  const file = path.join(folder, ownFileOf(variable))
  yield* fs.makeDirectory(folder, { recursive: true })
  yield* fs.writeFileString(file, projectionSource({ name, variable }, "Own"), { flag: "wx" })
  return file
})

/**
 * Writes the files of a projection below `root`, the folder of a working copy; refuses, and changes
 * nothing, if there is anything of that name. Gives the paths.
 */
export const createProjection = Effect.fnUntraced(function*(root: string, name: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const variable = variableOf(name)
  const refuse = (message: string) => new CommandFailed({ message })
  const known = yield* KnownProjections
  yield* refuseTaken(name)

  const { source, spec } = filesOf(variable)
  for (const file of [source, spec]) {
    if (yield* fs.exists(path.join(root, file))) return yield* refuse(`${file} exists already.`)
  }
  const before = yield* fs.readFileString(path.join(root, catalogFile))
  const apart = known.findIndex(({ separateDocument }) => separateDocument === true)
  const after = newCatalogEntry(before, variable, () => apart === -1 ? known.length : apart)
  if (after === undefined) return yield* refuse(unexpectedCatalog)
  yield* fs.writeFileString(path.join(root, source), projectionSource({ name, variable }, "Catalog"), { flag: "wx" })
  yield* fs.writeFileString(path.join(root, spec), specSource({ name, variable }), { flag: "wx" })
  yield* fs.writeFileString(path.join(root, catalogFile), after)
  return { source, spec }
})
