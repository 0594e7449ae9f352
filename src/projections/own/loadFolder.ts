import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { readdir, realpath } from "node:fs/promises"
import { pathToFileURL } from "node:url"
import { compareUtf8 } from "../../values/compareUtf8.ts"
import { type AnyProjection, isProjection } from "../projection/Projection.ts"
import { isTaken, ProjectionName } from "../projection/projectionName.ts"
import { resolveImportsOfOwn } from "./importsOfOwn.ts"
import { ProjectionsUnusable } from "./ProjectionsUnusable.ts"

/** The projections of a folder, and the files that they are from. */
export interface LoadedFolder {
  readonly projections: ReadonlyArray<AnyProjection>
  readonly files: ReadonlyArray<URL>
}

/**
 * A file that has projections: TypeScript or JavaScript right in the folder. Types, tests and files
 * that begin with `_` or `.` are none. Folders in it are for what the files import.
 */
const isEntry = (name: string): boolean => /^[^._].*\.(ts|mts|js|mjs)$/.test(name) && !/\.(d|test|spec)\.m?[tj]s$/.test(name)

/**
 * Loads each file of a folder, in the order of their names, and checks what it exports.
 *
 * `known` are the projections that their names may not clash with. It fails with
 * {@link ProjectionsUnusable} at the first file that cannot be used.
 */
export const loadFolder = Effect.fnUntraced(function*(path: string, known: ReadonlyArray<AnyProjection>) {
  const { folder, names } = yield* Effect.tryPromise({
    // Where it really is: modules are known by that, also those of a mounted folder.
    try: async () => {
      const folder = pathToFileURL(`${await realpath(path)}/`)
      return { folder, names: await readdir(folder) }
    },
    catch: (cause) => unusable("NoFolder", path, `The folder of projections ${path} cannot be read: ${messageOf(cause)}`)
  })
  const entries = names.filter(isEntry).sort(compareUtf8)
  if (entries.length === 0) {
    return yield* unusable(
      "NoFiles",
      path,
      `The folder of projections ${path} has no file NAME.ts or NAME.js. \`projections new NAME\` writes one there.`
    )
  }
  resolveImportsOfOwn(folder)
  const projections: Array<AnyProjection> = []
  const files = entries.map((name) => new URL(encodeURIComponent(name), folder))
  for (const [index, file] of files.entries()) {
    const name = `${path}/${entries[index]}`
    const found = yield* projectionsIn(file, name)
    for (const projection of found) {
      yield* check(projection, name, { known, others: projections })
      projections.push(projection)
    }
  }
  return { projections, files } satisfies LoadedFolder
})

const projectionsIn = Effect.fnUntraced(function*(file: URL, path: string) {
  const exported: object = yield* Effect.tryPromise({
    try: () => import(file.href),
    catch: (cause) => unusable("DoesNotLoad", path, `${path} does not load: ${messageOf(cause)}${placeOf(cause, file)}${adviceOn(cause)}`)
  })
  // The same one may have two names, one of them `default`.
  const projections = [...new Set(Object.values(exported))].filter(isProjection)
  return projections.length > 0
    ? projections
    : yield* unusable("NoProjection", path, `${path} exports no projection: it needs \`export const NAME = Projection.make({ … })\`.`)
})

interface Neighbours {
  readonly known: ReadonlyArray<AnyProjection>
  readonly others: ReadonlyArray<AnyProjection>
}

const isName = Schema.is(ProjectionName)

const check = ({ name, version }: AnyProjection, path: string, { known, others }: Neighbours): Effect.Effect<void, ProjectionsUnusable> => {
  const refuse = (reason: ProjectionsUnusable["reason"], message: string) => Effect.fail(unusable(reason, path, message))
  if (!isName(name) || isTaken(name)) {
    return refuse(
      "BadName",
      `${path} has a projection "${name}": a name is snake_case, of at most 40 characters, and no member of the document.`
    )
  }
  if (!Number.isSafeInteger(version) || version < 1) {
    return refuse("BadName", `${path} has version ${version} of ${name}: a version is a whole number from 1 on.`)
  }
  if (known.some((other) => other.name === name)) {
    return refuse("NameTaken", `${path} has a projection "${name}", and so has playtally: give yours another name.`)
  }
  return others.some((other) => other.name === name && other.version === version)
    ? refuse("TwiceTheSame", `${path} has ${name} v${version}, and so has another file: each version is there once.`)
    : Effect.void
}

const unusable = (reason: ProjectionsUnusable["reason"], path: string, message: string) =>
  new ProjectionsUnusable({ reason, path, message })

const messageOf = (cause: unknown): string => cause instanceof Error ? cause.message : String(cause)

/** The line of the file, as far as the runtime tells it. */
const placeOf = (cause: unknown, file: URL): string => {
  const folder = file.href.slice(0, file.href.lastIndexOf("/") + 1)
  const line = cause instanceof Error ? cause.stack?.split("\n").find((line) => line.includes(folder)) : undefined
  const [, place] = /([^/\s(]+:\d+(?::\d+)?)\)?$/.exec(line ?? "") ?? []
  return place === undefined ? "" : ` (${place})`
}

/** What helps against errors that do not say it themselves. */
const adviceOn = (cause: unknown): string => {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined
  if (code === "ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING") return " The folder may not be below node_modules."
  return process.versions["deno"] !== undefined && messageOf(cause).includes("not a dependency")
    ? " On Deno, `npm run start:deno -- --projections DIR` finds what the files import."
    : ""
}
