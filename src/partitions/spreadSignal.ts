import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { AppendSignal } from "../event-log/AppendSignal.ts"
import { FedPartitions } from "./FedPartitions.ts"

/** `AppendSignal` over the partitions: each hears of its own slices. */
export const spreadSignal = Layer.effect(
  AppendSignal,
  Effect.map(FedPartitions, (partitions) => {
    const signals = () =>
      partitions.opened().flatMap(({ entry, services }) =>
        services === undefined ? [] : [{ entry, signal: Context.get(services, AppendSignal) }]
      )
    return AppendSignal.of({
      notify: (slices) => {
        for (const { entry, signal } of signals()) {
          const own = new Set([...slices].filter((slice) => entry.first <= slice && slice <= entry.last))
          if (own.size > 0) signal.notify(own)
        }
      },
      subscribe: (listener) => {
        for (const { signal } of signals()) signal.subscribe(listener)
      }
    })
  })
)
