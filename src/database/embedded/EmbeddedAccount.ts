import * as Effect from "effect/Effect"
import { chown, mkdir, stat } from "node:fs/promises"
import { dirname } from "node:path"
import { attempt, EmbeddedPostgresError } from "./EmbeddedPostgresError.ts"
import type { EmbeddedPrograms } from "./embeddedPrograms.ts"
import { type ProgramResult, runProgram } from "./runProgram.ts"

/**
 * The account that runs the server and owns its files.
 *
 * It is our own, unless we are root: PostgreSQL refuses to run as root.
 */
export interface EmbeddedAccount {
  readonly run: (file: string, args: ReadonlyArray<string>) => Effect.Effect<ProgramResult>
  /** Makes the account the owner of a file that we have just made. */
  readonly own: (path: string) => Promise<void>
}

interface User {
  readonly uid: number
  readonly gid: number
}

const ourselves: EmbeddedAccount = {
  run: (file, args) => runProgram({ file, args }),
  own: () => Promise.resolve()
}

/**
 * The account of that name or number; undefined if the system does not know it. initdb insists on a
 * known one.
 */
const lookUp = Effect.fnUntraced(function*(user: string) {
  const ask = (flag: string) => runProgram({ file: "id", args: [flag, user] })
  const [uid, gid] = yield* Effect.all([ask("-u"), ask("-g")])
  // 32-bit: macOS prints nobody's -2 as 4294967294.
  return uid.code === 0 && gid.code === 0 ? { uid: Number(uid.output) | 0, gid: Number(gid.output) | 0 } : undefined
})

/** The owner of a path, or of the nearest folder above it that exists. */
const ownerOf = (path: string): Promise<User> =>
  stat(path).then(
    ({ gid, uid }) => ({ gid, uid }),
    () => path === dirname(path) ? { gid: 0, uid: 0 } : ownerOf(dirname(path))
  )

/**
 * Chooses the account: the owner of the existing data, else of the folder that it goes to, else a
 * service account.
 *
 * So root in a user's checkout leaves files that the user can use.
 */
const choose = Effect.fnUntraced(function*(dataDir: string, home: string) {
  const found = yield* Effect.promise(() => ownerOf(home))
  const candidates = [...(found.uid === 0 ? [] : [String(found.uid)]), "postgres", "_postgres", "nobody"]
  for (const candidate of candidates) {
    const user = yield* lookUp(candidate)
    if (user !== undefined) return user
  }
  return yield* new EmbeddedPostgresError({
    reason: "Unreachable",
    dataDir,
    message:
      "PostgreSQL refuses to run as root and there is no account postgres or nobody to run it. Start as a normal user, or set DATABASE_URL."
  })
})

/**
 * Ways to run a program as another account, the most modest first.
 *
 * Only root may pass through some folders, such as a checkout in /root. There the server may keep
 * one capability: to pass through folders and read them. Some containers withhold it; there it is
 * the one to ignore file permissions. The programs look for each other by access(2), which heeds
 * the capability only with the secure bit.
 */
const ways = (user: User): ReadonlyArray<EmbeddedAccount["run"]> => [
  (file, args) => runProgram({ file, args, user }),
  ...["dac_read_search", "dac_override"].map((capability): EmbeddedAccount["run"] => (file, args) =>
    runProgram({
      file: "setpriv",
      args: [
        `--reuid=${user.uid}`,
        `--regid=${user.gid}`,
        "--clear-groups",
        `--inh-caps=-all,+${capability}`,
        `--ambient-caps=-all,+${capability}`,
        "--securebits=+no_setuid_fixup",
        file,
        ...args
      ]
    })
  )
]

/** The account for the server in `home`, a folder in the existing folder `dataDir`. */
export const embeddedAccount = Effect.fn("embeddedAccount")(function*(dataDir: string, home: string, programs: EmbeddedPrograms) {
  if (process.getuid?.() !== 0) return ourselves
  const user = yield* choose(dataDir, home)
  for (const run of ways(user)) {
    const reached = yield* run("sh", ["-c", "cd \"$0\" && exec \"$1\" --version", dataDir, programs.postgres])
    if (reached.code === 0) {
      return { run, own: (path) => chown(path, user.uid, user.gid) } satisfies EmbeddedAccount
    }
  }
  return yield* new EmbeddedPostgresError({
    reason: "Unreachable",
    dataDir,
    message:
      `PostgreSQL refuses to run as root, and uid ${user.uid}, which would run it, cannot reach ${dataDir} or ${programs.postgres}. Move the project to a folder that everybody may enter, start as a normal user, or set DATABASE_URL.`
  })
})

/**
 * Makes a folder and the folders above it, and says whether it was missing.
 *
 * It does not use Node's `recursive`, which never ends where a folder takes no new ones, as in
 * /proc.
 */
const makeFolder = async (path: string): Promise<boolean> => {
  try {
    await mkdir(path)
    return true
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined
    if (code === "EEXIST" && (await stat(path)).isDirectory()) return false
    if (code !== "ENOENT" || path === dirname(path) || !(await makeFolder(dirname(path)))) throw cause
    await mkdir(path)
    return true
  }
}

/** Makes the data directory. One that root makes in a user's folder belongs to that user. */
export const makeDataDir = (dataDir: string) =>
  attempt(dataDir, `make ${dataDir}`, async () => {
    const owner = process.getuid?.() === 0 ? await ownerOf(dataDir) : undefined
    if ((await makeFolder(dataDir)) && owner !== undefined && owner.uid !== 0) await chown(dataDir, owner.uid, owner.gid)
  })
