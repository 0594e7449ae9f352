import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Migrations } from "../database/Migrations.ts"
import { type LogDatabase, LogDatabases } from "../event-log/LogDatabases.ts"
import { known } from "../values/known.ts"
import { openPartitions } from "./openPartitions.ts"
import { clientOfPartition } from "./overPartitions.ts"
import { readDirectory } from "./PartitionDirectory.ts"
import { isSamePlace, type PartitionEntry } from "./PartitionMap.ts"

/**
 * The databases of the partitions. It fails if one cannot be opened.
 *
 * Their clients stay open, also of a partition that moves away meanwhile.
 */
export const logDatabases = Layer.effect(
  LogDatabases,
  Effect.gen(function*() {
    const set = yield* openPartitions(Layer.provide(clientOfPartition, Migrations.layerCheck), { unopened: "Fail" })
    yield* Effect.forkScoped(set.everywhere(() => Effect.never), { startImmediately: true })
    const before = set.map()
    const home = yield* PgClient.PgClient
    const [first, ...others] = set.opened().map(({ entry, services }): LogDatabase => ({
      sql: Context.get(known(services, "services of an open partition"), PgClient.PgClient),
      first: entry.first,
      last: entry.last,
      name: set.isAtHome ? undefined : `partition ${entry.partition} (server ${entry.server})`
    }))
    return {
      home,
      all: [known(first, "first partition"), ...others] as const,
      whereabouts: Effect.map(readDirectory(home), (now) => {
        if (now.length !== before.length || !before.every((entry, nth) => isStill(entry, now[nth]))) return "Elsewhere"
        return now.some(({ state }) => state === "moving") ? "Moving" : "Here"
      })
    }
  })
)

/** Whether a partition is where it was. A log that never had partitions gets its first epoch. */
const isStill = (before: PartitionEntry, now: PartitionEntry | undefined): boolean =>
  now !== undefined && isSamePlace(before.epoch === 0 ? { ...before, epoch: 1 } : before, before.epoch === 0 ? { ...now, epoch: 1 } : now)
