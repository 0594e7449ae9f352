import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { open, utimes } from "node:fs/promises"
import { join } from "node:path"
import type { EmbeddedCluster } from "./EmbeddedCluster.ts"
import { readAtOnce } from "./readAtOnce.ts"
import type { ProgramResult } from "./runProgram.ts"

/**
 * The lock of a data folder: the file `postgres/lock`.
 *
 * Every process of the server holds flock(2) on it, as a descriptor inherited from the shell that
 * starts the server. The kernel sees the lock from every container of a machine. It keeps the lock
 * while processes are frozen, and drops it when the last process dies. PostgreSQL's own checks use
 * process numbers and shared memory, which each container has to itself.
 *
 * The file says where its holder runs. Processes in that place share the server. Processes
 * elsewhere are refused while the holder lives. Some places have no lock that tells: another
 * machine on a network file system, or a system without flock(1). There the holder's users tell,
 * because they set the file's time once a second.
 */
const lockFile = (home: string) => join(home, "lock")

/** How often a user of the server sets the time of the file. */
export const heartbeat = "1 second"
/**
 * Milliseconds without a change of that time after which the holder counts as dead.
 *
 * They are twice the longest stall of a disk that was seen.
 */
export const HolderPatience = Context.Reference<number>("playtally/database/HolderPatience", { defaultValue: () => 10_000 })

/**
 * The exit code of {@link holding} if another process has the lock. No program of PostgreSQL ends
 * with it.
 */
const conflict = 75

/**
 * Shell commands that open the file `$0` as descriptor 9 and lock it.
 *
 * `how` says whether it is locked. It is not where flock(1) is missing or the file system has no
 * locks.
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
 * Runs a program that holds the lock; undefined if another process has the lock.
 *
 * Everything that the program leaves running holds the lock too.
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

/** Writes that nobody holds the folder, unless a process holds it by now. */
export const release = (cluster: EmbeddedCluster): Effect.Effect<ProgramResult | undefined> => holding(cluster, ["true"], "nobody")

/** What the file says: where its last holder runs or ran, and whether that holder has a lock. */
export const readHolder = ({ home }: EmbeddedCluster) =>
  Effect.promise(async () => {
    const [how, where] = (await readAtOnce(lockFile(home))).trim().split(" ")
    return where === undefined || where === "nobody" ? undefined : { where, locks: how === "locked" }
  })

/**
 * Whether the last holder of the file runs elsewhere.
 *
 * Its server may answer here, but must not be joined. Its process numbers belong to other processes
 * here.
 */
export const isHeldElsewhere = (cluster: EmbeddedCluster): Effect.Effect<boolean> =>
  Effect.map(readHolder(cluster), (holder) => holder !== undefined && holder.where !== cluster.where)

/** Tries the lock, and leaves the file as it is. */
export const tryLock = ({ account, home }: EmbeddedCluster) =>
  Effect.map(
    account.run("sh", ["-c", `${lock} echo $how`, lockFile(home)]),
    ({ code, output }) => code === conflict ? "Taken" : output.trim() === "locked" ? "Free" : "Unknown"
  )

/** The time of the file. It opens the file, because a client of NFS then asks the server. */
const timeOf = async (path: string) => {
  const file = await open(path, "r").catch(() => undefined)
  if (file === undefined) return 0n
  return file.stat({ bigint: true }).then(({ mtimeNs }) => mtimeNs).finally(() => file.close())
}

/**
 * Whether the time of the file changes within {@link HolderPatience}.
 *
 * Only a change counts, so no two clocks are compared.
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

/**
 * Sets the time of the file, which tells other machines that the server has users.
 *
 * It does nothing while there is no file.
 */
export const refresh = ({ home }: EmbeddedCluster): Effect.Effect<void> =>
  Effect.promise(() => {
    const now = new Date()
    return utimes(lockFile(home), now, now).catch(() => undefined)
  })
