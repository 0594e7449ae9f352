import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/**
 * The end of the streams of the console.
 *
 * A server that stops waits for the requests under way, and a stream would never end by itself.
 */
export class ConsoleStop extends Context.Service<ConsoleStop, {
  /** Ends when {@link stop} is called. */
  readonly stopped: Effect.Effect<void>
  readonly stop: Effect.Effect<void>
}>()("playtally/console/ConsoleStop") {
  static readonly layer = Layer.effect(
    ConsoleStop,
    Effect.map(
      Deferred.make<void>(),
      (told) => ConsoleStop.of({ stopped: Deferred.await(told), stop: Effect.asVoid(Deferred.succeed(told, undefined)) })
    )
  )
}
