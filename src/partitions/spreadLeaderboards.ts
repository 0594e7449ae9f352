import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Leaderboards } from "../counters/Leaderboards.ts"
import { Slice } from "../values/Slice.ts"
import { Partitions } from "./Partitions.ts"
import { inPartition } from "./PartitionUnavailable.ts"

/** `Leaderboards` over the partitions. */
export const spreadLeaderboards = Layer.effect(
  Leaderboards,
  Effect.map(Partitions, (partitions) =>
    Leaderboards.of({
      top: (tenant, selection, options) =>
        partitions.at(Slice(0), (services) => Context.get(services, Leaderboards).top(tenant, selection, options)).pipe(
          inPartition("Leaderboards.top")
        ),
      place: (tenant, selection, options) =>
        partitions.at(Slice(0), (services) => Context.get(services, Leaderboards).place(tenant, selection, options)).pipe(
          inPartition("Leaderboards.place")
        )
    }))
)
