import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { readFile, stat, statfs } from "node:fs/promises"
import { join, resolve } from "node:path"
import { type EmbeddedAccount, embeddedAccount, makeDataDir } from "./EmbeddedAccount.ts"
import { attempt, EmbeddedPostgresError } from "./EmbeddedPostgresError.ts"
import { embeddedMajorVersion, type EmbeddedPrograms, embeddedPrograms } from "./embeddedPrograms.ts"
import { findWhereabouts } from "./findWhereabouts.ts"
import { initialiseCluster } from "./initialiseCluster.ts"
import { networkFileSystem } from "./networkFileSystem.ts"

/**
 * A database on disk.
 *
 * `DATA_DIR/postgres` holds PostgreSQL's data directory and the superuser's password.
 * `DATA_DIR/postgres.log` lies beside it.
 */
export interface EmbeddedCluster {
  readonly dataDir: string
  readonly durable: boolean
  readonly programs: EmbeddedPrograms
  readonly account: EmbeddedAccount
  /** Where this process runs. Processes with the same value may share a server. */
  readonly where: string
  /** The folder that only the account may enter. */
  readonly home: string
  readonly data: string
  readonly log: string
  readonly password: Redacted.Redacted
}

/**
 * Opens the database in a directory, and makes both if they are missing. It starts no server.
 *
 * It fails with `EmbeddedPostgresError`, whose `reason` says why.
 */
export const openCluster = Effect.fn("openCluster")(function*(directory: string, { durable }: { readonly durable: boolean }) {
  const dataDir = resolve(directory)
  const home = join(dataDir, "postgres")
  const data = join(home, "data")
  const programs = yield* embeddedPrograms(dataDir)
  yield* makeDataDir(dataDir)
  const { type } = yield* attempt(dataDir, `look at the disk of ${dataDir}`, () => statfs(dataDir))
  const network = networkFileSystem(type)
  if (network !== undefined) {
    yield* Effect.logWarning(
      `${dataDir} is on a file system (${network}) that other machines may use too. The database in it is for one machine at a time; a disk of this machine is faster and safer.`
    )
  }
  const account = yield* embeddedAccount(dataDir, home, programs)
  const present = yield* Effect.promise(() => stat(home).then(() => true, () => false))
  if (!present) yield* initialiseCluster({ account, dataDir, durable, home, programs })

  const [version, password] = yield* attempt(
    dataDir,
    `read the database in ${home}`,
    () => Promise.all([readFile(join(data, "PG_VERSION"), "utf8"), readFile(join(home, "password"), "utf8")])
  )
  if (version.trim() !== embeddedMajorVersion) {
    return yield* new EmbeddedPostgresError({
      reason: "OtherVersion",
      dataDir,
      message:
        `${data} was made by PostgreSQL ${version.trim()}, the embedded one is ${embeddedMajorVersion}. Set DATA_DIR to another folder, or dump the data with the former and restore it here.`
    })
  }
  return {
    dataDir,
    durable,
    programs,
    account,
    where: yield* findWhereabouts(account),
    home,
    data,
    log: join(dataDir, "postgres.log"),
    password: Redacted.make(password.trim())
  } satisfies EmbeddedCluster
})
