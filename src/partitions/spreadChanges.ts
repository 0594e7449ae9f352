import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Changes } from "../counters/changes/Changes.ts"
import { Slice } from "../values/Slice.ts"
import { Partitions } from "./Partitions.ts"
import { inPartition } from "./PartitionUnavailable.ts"

/** `Changes` over the partitions. */
export const spreadChanges = Layer.effect(
  Changes,
  Effect.map(Partitions, (partitions) => {
    const first = <A, E, R>(use: (changes: Changes["Service"]) => Effect.Effect<A, E, R>) =>
      partitions.at(Slice(0), (services) => use(Context.get(services, Changes))).pipe(inPartition("Changes"))
    return Changes.of({
      now: (consistency) => first((changes) => changes.now(consistency)),
      start: (consistency) => first((changes) => changes.start(consistency)),
      after: (tenant, place, options) => first((changes) => changes.after(tenant, place, options)),
      stop: Effect.suspend(() =>
        Effect.forEach(
          partitions.opened(),
          ({ services }) => services === undefined ? Effect.void : Context.get(services, Changes).stop,
          { discard: true }
        )
      )
    })
  })
)
