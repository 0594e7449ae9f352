import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { appendFile, open, rename, stat } from "node:fs/promises"
import { createServer } from "node:net"
import { join } from "node:path"
import { commandLine } from "./commandLine.ts"
import type { EmbeddedCluster } from "./EmbeddedCluster.ts"
import { attempt, gaveUp } from "./EmbeddedPostgresError.ts"
import { completePrograms } from "./embeddedPrograms.ts"
import { embeddedSettings } from "./embeddedSettings.ts"
import { holding, isHeldElsewhere, release } from "./FolderLock.ts"
import { isSocket, type Place, socketFile } from "./Place.ts"
import { readAtOnce } from "./readAtOnce.ts"

/**
 * What a server has written about itself into its data directory.
 *
 * The place is missing in its first moments.
 */
export interface Postmaster {
  readonly pid: number
  readonly place: Place | undefined
}

/**
 * What came of a start.
 *
 * - `Locked`: another process has the lock of the folder.
 * - `Occupied`: the data directory is in use, or looks so. A server may be starting, stopping or
 *   being cleaned up after. Or another process now has the number of a server long gone.
 * - `NoSocket`: the file system has no sockets.
 */
export type Start = "Started" | "PortTaken" | "NoSocket" | "Occupied" | "Locked"

const logLimit = 10 * 1024 * 1024

type DataFolder = Pick<EmbeddedCluster, "data">

const postmasterFile = (cluster: DataFolder) => join(cluster.data, "postmaster.pid")

/** The server that runs, or that ran until a crash. */
export const readPostmaster = (cluster: DataFolder): Effect.Effect<Postmaster | undefined> =>
  Effect.promise(async () => {
    const text = await readAtOnce(postmasterFile(cluster))
    const [pid, , , port, folder, address] = text.split("\n")
    const host = folder || address
    return Number(pid) > 0 ? { pid: Number(pid), place: host && Number(port) > 0 ? { host, port: Number(port) } : undefined } : undefined
  })

/** The port of the last start, so that clients find a server where it was; else any free port. */
export const usualPort = (cluster: DataFolder): Effect.Effect<number> =>
  Effect.promise(async () => {
    const options = await readAtOnce(join(cluster.data, "postmaster.opts"))
    const port = /"-p" "(\d+)"/.exec(options)?.[1]
    return port === undefined ? freePort() : Number(port)
  })

/** A port of 127.0.0.1 that is free now. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.on("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
    })
  })

const rotateLog = async (cluster: EmbeddedCluster) => {
  const { size } = await stat(cluster.log).catch(() => ({ size: 0 }))
  if (size > logLimit) await rename(cluster.log, `${cluster.log}.1`)
  await appendFile(cluster.log, "")
  await cluster.account.own(cluster.log)
  return size > logLimit ? 0 : size
}

const readLog = async (cluster: EmbeddedCluster, from: number) => {
  const file = await open(cluster.log, "r")
  try {
    const { size } = await file.stat()
    const start = Math.max(from, size - 64 * 1024)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.max(size - start, 0)), 0, null, start)
    return buffer.toString("utf8", 0, bytesRead)
  } finally {
    await file.close()
  }
}

const shell = (argument: string) => `'${argument.replaceAll("'", "'\\''")}'`

/**
 * Starts a server in a session of its own, and waits until it takes connections, after a recovery
 * too.
 *
 * The server may have been stopped again since.
 */
export const startServer = Effect.fn("startServer")(function*(cluster: EmbeddedCluster, place: Place) {
  const { data, dataDir, durable, log, programs } = cluster
  yield* completePrograms(dataDir, programs)
  const from = yield* attempt(dataDir, `write ${log}`, () => rotateLog(cluster))
  const options = embeddedSettings({ durable, place }).map(shell).join(" ")
  const ended = yield* holding(cluster, [programs.pgCtl, "start", "-D", data, "-l", log, "-w", "-t", "600", "-o", options])
  if (ended === undefined) return "Locked" satisfies Start
  const { code, output } = ended
  if (code === 0) return "Started" satisfies Start
  // Another process's server has made the file and not written it yet.
  if (/PID file ".*" is empty/.test(output)) return "Occupied" satisfies Start
  const said = yield* attempt(dataDir, `read ${log}`, () => readLog(cluster, from))
  if (/could not create any TCP\/IP sockets/.test(said)) return "PortTaken" satisfies Start
  if (/could not create any Unix-domain sockets/.test(said)) return "NoSocket" satisfies Start
  if (/lock file "(?:postmaster\.pid|[^"]*\.lock)"|pre-existing shared memory block/.test(said)) return "Occupied" satisfies Start
  // pg_ctl looks ten times a second. Between two looks a server can have served another process,
  // which was faster, and stopped it.
  if (/database system is ready to accept connections/.test(said)) return "Started" satisfies Start
  const ending = said.trim().split("\n").slice(-15).join("\n")
  return yield* yield* gaveUp({
    reason: "StartFailed",
    dataDir,
    what: `PostgreSQL did not start (${log})`,
    said: `${output.trim()}\n${ending}`
  })
})

/** The process that a lock file names, or named until a crash. */
const holderOf = (file: string): Effect.Effect<number | undefined> =>
  Effect.promise(async () => {
    const pid = Number.parseInt(await readAtOnce(file), 10)
    return pid > 0 ? pid : undefined
  })

/**
 * Removes the lock files that a crashed server left behind: the data directory's and the socket's.
 *
 * PostgreSQL believes such a file if a process of the same user has its number now. That is common
 * after a reboot and in containers. A file stays if its process is a server on this directory, or
 * if another process has the lock.
 */
export const removeStaleFiles = Effect.fn("removeStaleFiles")(function*(cluster: EmbeddedCluster, place: Place) {
  for (const file of [postmasterFile(cluster), ...isSocket(place) ? [`${socketFile(place)}.lock`] : []]) {
    const holder = yield* holderOf(file)
    if (holder === undefined) continue
    const line = yield* commandLine(holder)
    if (line === undefined || line.includes(cluster.data) || (yield* holderOf(file)) !== holder) continue
    const removed = yield* holding(cluster, ["rm", "-f", file])
    if (removed !== undefined && removed.code !== 0) {
      return yield* yield* gaveUp({
        reason: "StartFailed",
        dataDir: cluster.dataDir,
        what: `A crashed server's ${file} could not be removed`,
        said: removed.output
      })
    }
  }
})

/**
 * Tells the running server to stop, and waits up to five seconds. Its clients are cut off.
 *
 * After five seconds it goes on stopping by itself.
 */
export const stopServer = Effect.fn("stopServer")(function*(cluster: EmbeddedCluster) {
  const { account, data, programs } = cluster
  const postmaster = yield* readPostmaster(cluster)
  // Here the process number of a server elsewhere belongs to another process.
  if (postmaster === undefined || (yield* isHeldElsewhere(cluster))) return
  yield* account.run(programs.pgCtl, ["stop", "-D", data, "-m", "fast", "-W"])
  yield* readPostmaster(cluster).pipe(
    Effect.repeat({ schedule: Schedule.spaced("20 millis"), until: (now) => now?.pid !== postmaster.pid }),
    // Its last process has the lock for some moments more.
    Effect.andThen(
      Effect.repeat(release(cluster), { schedule: Schedule.spaced("20 millis"), times: 20, until: (released) => released !== undefined })
    ),
    Effect.timeoutOption("5 seconds")
  )
})
