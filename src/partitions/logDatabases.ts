import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Migrations } from "../database/Migrations.ts"
import { type LogDatabase, LogDatabases } from "../event-log/LogDatabases.ts"
import { known } from "../values/known.ts"
import { openPartitions } from "./openPartitions.ts"
import { clientOfPartition } from "./overPartitions.ts"

/** The databases of the partitions. It fails if one cannot be opened. */
export const logDatabases = Layer.effect(
  LogDatabases,
  Effect.gen(function*() {
    const set = yield* openPartitions(Layer.provide(clientOfPartition, Migrations.layerCheck), { unopened: "Fail" })
    const [first, ...others] = set.opened().map(({ entry, services }): LogDatabase => ({
      sql: Context.get(known(services, "services of an open partition"), PgClient.PgClient),
      first: entry.first,
      last: entry.last,
      name: `partition ${entry.partition} (server ${entry.server})`
    }))
    if (set.isAtHome) return undefined
    return { home: yield* PgClient.PgClient, all: [known(first, "first partition"), ...others] as const }
  })
)
