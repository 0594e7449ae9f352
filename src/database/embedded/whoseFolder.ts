import * as Effect from "effect/Effect"
import { answersAt } from "./answersAt.ts"
import { commandLine } from "./commandLine.ts"
import type { EmbeddedCluster } from "./EmbeddedCluster.ts"
import { type Postmaster, readPostmaster } from "./EmbeddedServer.ts"
import { isRefreshed, readHolder, tryLock } from "./FolderLock.ts"
import { isSocket } from "./Place.ts"

/**
 * Whether a server of this kernel listens on its socket.
 *
 * An address does not tell: its server may be in another container.
 */
const answers = ({ place }: Postmaster) => place !== undefined && isSocket(place) ? answersAt(place) : Effect.succeed(false)

/**
 * Whose the folder is.
 *
 * - `Here`: the last holder runs where we run. Its server may be joined.
 * - `Elsewhere`: the holder runs in another container or on another machine, and lives.
 * - `Nobody`: there is no holder, or it has died. A process that starts a server then takes the
 *   lock, and only one can.
 */
export const whoseFolder: (cluster: EmbeddedCluster) => Effect.Effect<"Here" | "Elsewhere" | "Nobody"> = Effect.fn("whoseFolder")(function*(
  cluster: EmbeddedCluster
) {
  if (process.platform === "win32") return "Here"
  const [holder, running] = yield* Effect.all([readHolder(cluster), readPostmaster(cluster)])
  if (holder?.where === cluster.where) return "Here"
  if (holder === undefined) {
    if (running === undefined) return "Nobody"
    // An older release, which knew no lock, has started it.
    if ((yield* commandLine(running.pid))?.includes(cluster.data) === true) return "Here"
    if (!(yield* answers(running))) return "Nobody"
    // Another server may have been started since the last look.
    const [holderNow, runningNow] = yield* Effect.all([readHolder(cluster), readPostmaster(cluster)])
    return holderNow === undefined && runningNow?.pid === running.pid ? "Elsewhere" : yield* whoseFolder(cluster)
  }
  const tried = yield* tryLock(cluster)
  if (tried === "Taken" || (running !== undefined && (yield* answers(running)))) return "Elsewhere"
  const isTold = tried === "Free" && holder.locks && bootOf(holder.where) === bootOf(cluster.where)
  if (isTold) return "Nobody"
  yield* Effect.logInfo(
    `The database in ${cluster.home} was last used on another machine, or before a crash of this one. Watching it for some seconds.`
  )
  return (yield* isRefreshed(cluster)) ? "Elsewhere" : "Nobody"
})

const bootOf = (where: string): string | undefined => where.split(",")[0]
