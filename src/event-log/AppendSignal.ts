import * as Context from "effect/Context"
import * as Layer from "effect/Layer"

/**
 * Tells this process's projections, after a commit, which slices have grown. A hint only: whoever
 * listens must also look by itself now and then, for other processes append too.
 */
export class AppendSignal extends Context.Service<AppendSignal, {
  readonly notify: (slices: ReadonlySet<number>) => void
  readonly subscribe: (listener: (slices: ReadonlySet<number>) => void) => void
}>()("playtally/event-log/AppendSignal") {
  static readonly layer = Layer.sync(AppendSignal, () => {
    const listeners = new Set<(slices: ReadonlySet<number>) => void>()
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
