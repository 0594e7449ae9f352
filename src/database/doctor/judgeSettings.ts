import type { Settings } from "../../platform/Settings.ts"
import { zoneDataVersion } from "../../values/zones/pinnedZones.ts"
import { type Finding, ok, warning } from "./Finding.ts"

/** The service's own settings. The service refuses unreadable ones before the doctor looks. */
export const judgeSettings = ({ connections, host, limits, port, trustedProxies }: Settings["Service"]): ReadonlyArray<Finding> => {
  const isLocal = host === "localhost" || host === "::1" || host.startsWith("127.")
  return [
    isLocal
      ? ok("address", `${host}, port ${port}, at most ${connections} connections`)
      : warning(
        "address",
        `${host}, port ${port}: anybody who reaches this machine can connect, and the service itself does not encrypt`,
        "a proxy that ends TLS before it (SECURITY.md)"
      ),
    trustedProxies === "" && !isLocal
      ? warning("proxies", "none is trusted, so behind a balancer all requests come from one address", "TRUSTED_PROXIES=ADDRESSES")
      : ok("proxies", trustedProxies === "" ? "none" : trustedProxies),
    limits.futureHours === 0
      ? warning(
        "future",
        "an event may be dated any time ahead, and a profile of the year 2099 is never changed again",
        "MAX_FUTURE_HOURS=24"
      )
      : ok("future", `events up to ${limits.futureHours} h ahead are taken`)
  ]
}

/**
 * The zone data that days are computed with.
 *
 * It is the project's own, whatever zone data the runtime and the server have.
 */
export const judgeZones: Finding = ok("zone data", `IANA ${zoneDataVersion}, pinned`)
