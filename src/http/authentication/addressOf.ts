import * as Effect from "effect/Effect"
import type { HttpServerRequest } from "effect/http"
import * as Option from "effect/Option"
import { parseAddressRanges } from "../../platform/addressRanges.ts"
import { Settings } from "../../platform/Settings.ts"
import { clientAddress } from "./clientAddress.ts"

/** Gives the address that the attempts of a request are counted by, behind the trusted proxies. */
export const addressOf = Effect.gen(function*() {
  const proxies = parseAddressRanges((yield* Settings).trustedProxies)
  const trusted = "ranges" in proxies ? proxies.ranges : yield* Effect.die(new Error("Settings takes no other"))
  return ({ headers, remoteAddress }: HttpServerRequest.HttpServerRequest): string =>
    clientAddress(trusted, Option.getOrElse(remoteAddress, () => ""), headers["x-forwarded-for"])
})
