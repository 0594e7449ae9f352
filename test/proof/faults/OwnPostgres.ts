import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { readFile } from "node:fs/promises"
import { type EmbeddedCluster, openCluster } from "../../../src/database/embedded/EmbeddedCluster.ts"
import { freePort, readPostmaster, startServer, stopServer } from "../../../src/database/embedded/EmbeddedServer.ts"
import { TestDatabase } from "../../support/database/TestDatabase.ts"
import { watchedFolder } from "../../support/watchedFolder.ts"

/** A PostgreSQL with the crash-safe settings, all of whose processes are ours to do harm to. */
export interface OwnPostgres {
  readonly url: string
  readonly cluster: EmbeddedCluster
  /** Starts it, on the port it always has, through a recovery too. */
  readonly start: Effect.Effect<void>
  /** Stops it as an operator does: clients are cut off, a standby gets all there is. */
  readonly stop: Effect.Effect<void>
  /** `kill -9` of the postmaster; its children notice. */
  readonly kill: Effect.Effect<void>
  /**
   * `kill -9` of one process that serves a client of the service, at which PostgreSQL throws all
   * clients out and recovers.
   */
  readonly killBackend: Effect.Effect<void>
  /** Stops every one of its processes in the middle of whatever it does, and lets them go on. */
  readonly freeze: Effect.Effect<void>
  readonly thaw: Effect.Effect<void>
  /** Whether the postmaster lives. */
  readonly isRunning: Effect.Effect<boolean>
}

/**
 * Removes a server and its folder when this process dies by whatever means (its standard input
 * ends).
 */
const cleaner = `
read _
for file in "$0"/*/postgres/data/postmaster.pid; do pid=$(head -n 1 "$file" 2>/dev/null) && { kill -KILL "$pid"; sleep 1; }; done
umount "$0/data" 2>/dev/null
rm -rf "$0"
`

/** A folder for such a server. */
export const serverFolder = watchedFolder("faults", cleaner)

/** A signal to a process of ours; one that has ended does not mind. */
export const signalTo = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal)
  } catch {}
}

const childrenOf = (pid: number): Promise<ReadonlyArray<number>> =>
  readFile(`/proc/${pid}/task/${pid}/children`, "utf8").then((text) => text.split(" ").filter((id) => id !== "").map(Number), () => [])

/** Whether the machine shows a process's children, as Linux does. */
export const seesChildren: boolean = process.platform === "linux"

/**
 * The process's title, which PostgreSQL keeps telling:
 * `postgres: postgres test 127.0.0.1(1234) INSERT`.
 */
const titleOf = (pid: number) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")

const postmasterPid = (cluster: EmbeddedCluster) =>
  Effect.flatMap(readPostmaster(cluster), (postmaster) =>
    Effect.promise(async () => {
      if (postmaster === undefined) return undefined
      // The file outlives a crash, and its number may be another's by now.
      return (await titleOf(postmaster.pid)).includes(cluster.data) ? postmaster.pid : undefined
    }))

/**
 * The server on a data directory made by the project's own code. Started; ended by `kill -9` with
 * the scope.
 */
export const ownPostgres = Effect.fnUntraced(
  function*(dataDir: string, prepare: (cluster: EmbeddedCluster) => Promise<void> = async () => {}) {
    const cluster = yield* Effect.orDie(openCluster(dataDir, { durable: true }))
    yield* Effect.promise(() => prepare(cluster))
    const port = yield* Effect.promise(freePort)
    const start = Effect.asVoid(Effect.orDie(Effect.repeat(startServer(cluster, { host: "127.0.0.1", port }), {
      // As long as the processes of the server that was killed are on their way out.
      while: (outcome) => outcome !== "Started"
    })))
    const pid = postmasterPid(cluster)
    const signal = (name: NodeJS.Signals, to: "postmaster" | "all" | "backend") =>
      Effect.flatMap(pid, (postmaster) =>
        Effect.promise(async () => {
          if (postmaster === undefined) return
          if (to === "postmaster") return signalTo(postmaster, name)
          // First the one who starts others.
          if (to === "all") signalTo(postmaster, name)
          for (const child of await childrenOf(postmaster)) {
            if (to === "all") signalTo(child, name)
            else if ((await titleOf(child)).includes("127.0.0.1(")) return signalTo(child, name)
          }
        }))
    yield* Effect.acquireRelease(
      start,
      () => Effect.andThen(signal("SIGCONT", "all"), killAndWait(cluster, signal("SIGKILL", "all")))
    )
    const own: OwnPostgres = {
      url: `postgres://postgres:${Redacted.value(cluster.password)}@127.0.0.1:${port}/postgres`,
      cluster,
      start,
      stop: Effect.orDie(stopServer(cluster)),
      kill: killAndWait(cluster, signal("SIGKILL", "postmaster")),
      killBackend: signal("SIGKILL", "backend"),
      freeze: signal("SIGSTOP", "all"),
      thaw: signal("SIGCONT", "all"),
      isRunning: Effect.map(pid, (found) => found !== undefined)
    }
    return own
  }
)

const killAndWait = (cluster: EmbeddedCluster, kill: Effect.Effect<void>) =>
  Effect.andThen(
    kill,
    Effect.repeat(postmasterPid(cluster), { while: (pid) => pid !== undefined })
  ).pipe(Effect.asVoid)

/** Has what takes the test's database take this one. */
export const asTestDatabase = ({ url }: { readonly url: string }) => TestDatabase.of({ url: Redacted.make(url), settings: {} })
