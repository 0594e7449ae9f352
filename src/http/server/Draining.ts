import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/**
 * Whether the process was told to stop and still serves.
 *
 * Meanwhile `/readyz` answers 503 and every answer carries `Connection: close`, so that balancers
 * and clients go elsewhere before the listener closes.
 */
export class Draining extends Context.Service<Draining, {
  /** Whether it has begun. */
  readonly hasBegun: () => boolean
  /** Begins it for good. It never ends. */
  readonly begin: Effect.Effect<void>
}>()("playtally/http/Draining") {
  static readonly layer = Layer.sync(Draining, () => {
    let begun = false
    return Draining.of({
      hasBegun: () => begun,
      begin: Effect.sync(() => {
        begun = true
      })
    })
  })
}
