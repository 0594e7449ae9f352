import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { randomBytes } from "node:crypto"
import { mkdir, open, readdir, rename, rm, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { EmbeddedAccount } from "./EmbeddedAccount.ts"
import { attempt, gaveUp } from "./EmbeddedPostgresError.ts"
import type { EmbeddedPrograms } from "./embeddedPrograms.ts"

const unfinished = "postgres.new-"

/** Removes what crashed processes have left half made. No process takes ten minutes for it. */
const removeLeftovers = async (dataDir: string, now: number) => {
  for (const name of await readdir(dataDir)) {
    if (!name.startsWith(unfinished)) continue
    const path = join(dataDir, name)
    const changed = await stat(path).then(({ mtimeMs }) => mtimeMs, () => now)
    if (now - changed > 10 * 60_000) await rm(path, { recursive: true, force: true })
  }
}

/** Writes the folder to disk: a rename survives a power cut only then. */
const syncFolder = async (path: string) => {
  const folder = await open(path, "r")
  await folder.sync().finally(() => folder.close())
}

/**
 * Makes a new database in the folder `home`.
 *
 * It makes everything elsewhere first and renames it then, so a crash leaves nothing half made. If
 * several processes do so at once, one wins, and all use its database.
 */
export const initialiseCluster = Effect.fn("initialiseCluster")(function*(
  options: {
    readonly dataDir: string
    readonly home: string
    readonly durable: boolean
    readonly programs: EmbeddedPrograms
    readonly account: EmbeddedAccount
  }
) {
  const { account, dataDir, durable, home, programs } = options
  const now = yield* Clock.currentTimeMillis
  const fresh = join(dataDir, `${unfinished}${randomBytes(6).toString("hex")}`)
  const password = join(fresh, "password")

  const make = Effect.gen(function*() {
    yield* attempt(dataDir, `make ${fresh}`, async () => {
      await removeLeftovers(dataDir, now)
      await mkdir(fresh, { mode: 0o700 })
      await writeFile(password, randomBytes(24).toString("base64url"), { mode: 0o600, flag: "wx" })
      await account.own(password)
      await account.own(fresh)
    })
    const { code, output } = yield* account.run(programs.initdb, [
      `--pgdata=${join(fresh, "data")}`,
      "--username=postgres",
      `--pwfile=${password}`,
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      "--locale=C",
      "--locale-provider=builtin",
      "--builtin-locale=C.UTF-8",
      ...(durable ? [] : ["--no-sync"])
    ])
    if (code !== 0) {
      return yield* yield* gaveUp({ reason: "InitFailed", dataDir, what: `initdb could not make a database in ${dataDir}`, said: output })
    }
    yield* attempt(dataDir, `put the new database in ${home}`, async () => {
      await rename(fresh, home).catch((cause) => ["ENOTEMPTY", "EEXIST"].includes(cause.code) ? undefined : Promise.reject(cause))
      if (durable) await syncFolder(dataDir)
    })
  })
  yield* Effect.ensuring(make, Effect.promise(() => rm(fresh, { recursive: true, force: true }).catch(() => undefined)))
})
