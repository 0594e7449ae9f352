import { PgClient } from "@effect/sql-pg"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Migrations } from "../database/Migrations.ts"
import { type DatabaseClients, openPartitions } from "./openPartitions.ts"
import type { PartitionSet } from "./PartitionSet.ts"

/**
 * Services of a command, over the partitions of the log.
 *
 * `layer` is built once for each partition, on a database whose schema is this code's. `spread`
 * makes services of the same kind from them, also where there is one: it may move to another server
 * while the command goes on. `home` is the client of the home database. A partition that cannot be
 * opened fails the layer.
 */
export const overPartitions = <S, E, R, O extends S>(
  layer: Layer.Layer<S, E, DatabaseClients | Migrations | R>,
  spread: (set: PartitionSet<S>, home: PgClient.PgClient) => Context.Context<O>
) =>
  Layer.effectContext(Effect.gen(function*() {
    const set = yield* openPartitions(Layer.provide(layer, Migrations.layerCheck), { unopened: "Fail" })
    return spread(set, yield* PgClient.PgClient)
  }))

/** The client of a partition's database, for what asks it itself. */
export const clientOfPartition = Layer.effect(PgClient.PgClient, PgClient.PgClient)
