import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { open, readFile, utimes } from "node:fs/promises"
import { join } from "node:path"
import type { EmbeddedCluster } from "./EmbeddedCluster.ts"
import type { ProgramResult } from "./runProgram.ts"

/**
 * The lock of a data folder: the file `postgres/lock`. Every process of the server holds flock(2)
 * on it, as a descriptor inherited from the shell that starts it. The kernel sees such a lock from
 * every container of a machine, keeps it while processes are frozen, and drops it when the last one
 * dies. PostgreSQL's own checks go by process numbers and shared memory, which a container has to
 * itself.
 *
 * The file says where its holder runs. Processes there share the server; processes elsewhere are
 * refused as long as it lives. Where no lock can tell (another machine on one network file system,
 * a system without flock(1)), the holder's users tell: they set the file's time once a second.
 */
const lockFile = (home: string) => join(home, "lock")

/**
 * How often a user of the server sets the file's time, and how long nobody must have done so. Twice
 * the longest stall of a disk we have seen.
 */
export const heartbeat = "1 second"
export const HolderPatience = Context.Reference<number>("playtally/database/HolderPatience", { defaultValue: () => 10_000 })

/** The exit code of {@link holding} when somebody has the lock. No program of PostgreSQL has it. */
const conflict = 75

/**
 * Opens the file `$0` as descriptor 9 and locks it, or says by `how` that it cannot: flock(1) is
 * missing, or the file system has no locks.
 */
const lock = `
umask 077
exec 9<>"$0"
how=unlocked
if command -v flock >/dev/null 2>&1; then
  flock -n 9
  case $? in 0) how=locked ;; 1) exit ${conflict} ;; esac
fi
`

/**
 * Runs a program that holds the lock, as everything does that the program leaves behind; undefined
 * if somebody has the lock.
 */
export const holding = (
  { account, home, where }: EmbeddedCluster,
  program: ReadonlyArray<string>,
  holder = where
): Effect.Effect<ProgramResult | undefined> => {
  const [file = "", ...args] = program
  const result = process.platform === "win32"
    ? account.run(file, args)
    : account.run("sh", ["-c", `${lock} printf '%s %s\\n' "$how" "$1" >"$0"; shift; exec "$@"`, lockFile(home), holder, ...program])
  return Effect.map(result, (ended) => ended.code === conflict ? undefined : ended)
}

/** Says that nobody holds the folder, unless somebody does by now. */
export const release = (cluster: EmbeddedCluster): Effect.Effect<ProgramResult | undefined> => holding(cluster, ["true"], "nobody")

/** What the file says: where its last holder runs or ran, and whether that one has a lock. */
export const readHolder = ({ home }: EmbeddedCluster) =>
  Effect.promise(async () => {
    const [how, where] = (await readFile(lockFile(home), "utf8").catch(() => "")).trim().split(" ")
    return where === undefined || where === "nobody" ? undefined : { where, locks: how === "locked" }
  })

/**
 * Whether the file's last holder runs elsewhere. Its server may answer here, but is not to be
 * joined, and its process numbers are others' here.
 */
export const isHeldElsewhere = (cluster: EmbeddedCluster): Effect.Effect<boolean> =>
  Effect.map(readHolder(cluster), (holder) => holder !== undefined && holder.where !== cluster.where)

/** Tries the lock and leaves the file alone. */
export const tryLock = ({ account, home }: EmbeddedCluster) =>
  Effect.map(
    account.run("sh", ["-c", `${lock} echo $how`, lockFile(home)]),
    ({ code, output }) => code === conflict ? "Taken" : output.trim() === "locked" ? "Free" : "Unknown"
  )

/** The time of the file. It is opened, for a client of NFS then asks the server. */
const timeOf = async (path: string) => {
  const file = await open(path, "r").catch(() => undefined)
  if (file === undefined) return 0n
  return file.stat({ bigint: true }).then(({ mtimeNs }) => mtimeNs).finally(() => file.close())
}

/**
 * Whether somebody sets the file's time while we watch. Only changes count, so no two clocks are
 * compared.
 */
export const isRefreshed = Effect.fnUntraced(function*({ home }: EmbeddedCluster) {
  const patience = yield* HolderPatience
  const before = yield* Effect.promise(() => timeOf(lockFile(home)))
  for (let waited = 0; waited < patience; waited += 250) {
    yield* Effect.sleep("250 millis")
    if ((yield* Effect.promise(() => timeOf(lockFile(home)))) !== before) return true
  }
  return false
})

/** Tells other machines that the server has users. Not before the file is there. */
export const refresh = ({ home }: EmbeddedCluster): Effect.Effect<void> =>
  Effect.promise(() => {
    const now = new Date()
    return utimes(lockFile(home), now, now).catch(() => undefined)
  })
