import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import type { Slice } from "../values/Slice.ts"

/**
 * Tells this process's projections, after a commit, which slices have grown.
 *
 * It is a hint only. Other processes append too, so a listener also looks by itself now and then.
 *
 * No `PubSub`, which ships with Effect: a writer notifies in the same turn in which it answers, and
 * each of the two listeners merges the slices into a set that it has anyway. A subscription would
 * be a queue and a fiber for each listener, between them and that set, with a bound and a policy
 * for what exceeds it.
 */
export class AppendSignal extends Context.Service<AppendSignal, {
  /** Calls every listener with the slices of a commit, before it returns. */
  readonly notify: (slices: ReadonlySet<Slice>) => void
  /** Has a listener called at every commit, as long as the service runs. It must not throw. */
  readonly subscribe: (listener: (slices: ReadonlySet<Slice>) => void) => void
}>()("playtally/event-log/AppendSignal") {
  static readonly layer = Layer.sync(AppendSignal, () => {
    const listeners = new Set<(slices: ReadonlySet<Slice>) => void>()
    return AppendSignal.of({
      notify: (slices) => {
        for (const listener of listeners) listener(slices)
      },
      subscribe: (listener) => {
        listeners.add(listener)
      }
    })
  })
}
