import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { HttpApiClient } from "effect/http-api"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { Api } from "./Api.ts"

/** The id of a user, for the parameters of endpoints: `UserId.make("player-1")`. */
export { UserId } from "./requests/UserId.ts"

/**
 * Calls a playtally over HTTP, from an Effect program: a method for each endpoint of {@link Api}.
 * The package exports it as `playtally/client-effect`.
 *
 * Answers and errors have the types of the API, and are decoded with its schemas. A problem fails
 * with its class, such as `UserNotFound`. Nothing is sent again by itself: `Effect.retry` does that
 * for what may be sent again, which is everything after a 503, a 429 or no answer.
 *
 * `playtally-client` (docs/clients.md) is for all other programs, and for those that send or
 * mirror.
 */
export class EffectClient extends Context.Service<EffectClient, HttpApiClient.ForApi<typeof Api>>()("playtally/http/EffectClient") {
  /** A client of the service at a URL, with a key of a tenant. */
  static readonly layer = (
    { key, url }: { readonly url: string; readonly key: Redacted.Redacted }
  ): Layer.Layer<EffectClient, never, HttpClient.HttpClient> =>
    Layer.effect(
      EffectClient,
      Effect.map(
        HttpApiClient.make(Api, {
          baseUrl: url,
          transformClient: HttpClient.mapRequest(HttpClientRequest.setHeader("x-api-key", Redacted.value(key)))
        }),
        (client) => EffectClient.of(client)
      )
    )
}
