import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { createServer } from "node:net"
import { Database } from "../database/Database.ts"
import { Leads, OwnLeads } from "../database/Leads.ts"
import type { PartitionSet } from "../partitions/PartitionSet.ts"
import { Settings } from "../platform/Settings.ts"
import { known } from "../values/known.ts"
import { ClusterUnusable } from "./ClusterUnusable.ts"
import type { Address } from "./runner.ts"

const addressOf = (text: string): Address => {
  const end = text.lastIndexOf(":")
  return { host: text.slice(0, end).replace(/^\[(.*)\]$/, "$1"), port: Number(text.slice(end + 1)) }
}

/** Fails if nothing can listen at an address. */
const refuseAddress = (address: Address) =>
  Effect.callback<void, ClusterUnusable>((resume) => {
    const server = createServer()
    server.once("error", (error) =>
      resume(
        Effect.fail(
          new ClusterUnusable({
            message: `CLUSTER_ADDRESS cannot be used: nothing can listen at ${address.host}:${address.port} (${error.message}).`
          })
        )
      ))
    server.listen(address, () => server.close(() => resume(Effect.void)))
  })

/**
 * Fails if a process with these settings cannot be a runner.
 *
 * {@link ClusterUnusable}: nothing can listen at the address, or only a pooler leads to the
 * database.
 */
export const refuseUnusableCluster = Effect.fnUntraced(function*({ cluster, database }: Pick<Settings["Service"], "cluster" | "database">) {
  if (Option.isNone(cluster)) return
  if (Option.isSome(database.url) && database.pooler !== "none" && Option.isNone(database.directUrl)) {
    return yield* new ClusterUnusable({
      message:
        "CLUSTER_ADDRESS needs sessions of the database that last, and a pooler gives none. Set DATABASE_DIRECT_URL to a way around it."
    })
  }
  yield* refuseAddress(addressOf(cluster.value))
})

/**
 * The cluster of the processes of one log (docs/cluster.md). Without `CLUSTER_ADDRESS` there is
 * none.
 */
export const Cluster = {
  /** The leads of this process. It has none at first, and without a cluster it does all work. */
  layerLeads: Layer.effectContext(
    Effect.map(Settings, ({ cluster }) => Option.isNone(cluster) ? Context.empty() : Context.make(OwnLeads, new Leads()))
  ),
  /**
   * Makes this process a runner that leads some of the partitions of a set.
   *
   * The settings were checked, see {@link refuseUnusableCluster}. It never fails: see `runRunner`.
   */
  layer: <I, S>(set: Context.Key<I, Pick<PartitionSet<S>, "map">>) =>
    Layer.effectDiscard(Effect.gen(function*() {
      const { cluster } = yield* Settings
      const leads = yield* OwnLeads
      if (Option.isNone(cluster) || leads === undefined) return
      const partitions = yield* Effect.service(set)
      const sql = known(yield* Database.sessionClient, "way around the pooler")
      // Only a process of a cluster loads what it needs.
      const { runRunner } = yield* Effect.promise(() => import("./runner.ts"))
      yield* runRunner({
        address: addressOf(cluster.value),
        leads,
        partitions: () => partitions.map().map(({ partition }) => partition),
        sql
      })
    }))
} as const
