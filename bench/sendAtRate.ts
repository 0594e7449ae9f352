import * as Effect from "effect/Effect"
import { HttpConnection } from "./HttpConnection.ts"
import { openLoop } from "./openLoop.ts"
import type { Profile } from "./Profile.ts"
import type { Rig } from "./Rig.ts"

/** Connections of the open loop. More requests than that wait, and their waiting counts. */
const connections = 32

/**
 * Sends requests of so many items at a fixed rate for the profile's seconds, and gives the
 * milliseconds from when each was due to its answer.
 */
export const sendAtRate = (
  profile: Profile,
  rig: Rig,
  { items, rate }: { readonly items: number; readonly rate: number }
): Effect.Effect<ReadonlyArray<number>> => {
  const count = Math.round(rate * profile.latencySeconds)
  const load = { items, connections, longer: Math.max(1, Math.ceil(count * items / profile.events)) }
  const requests = rig.prepare(load).slice(0, count)
  return Effect.promise(async (signal) => {
    const open = await Promise.all(Array.from({ length: connections }, () => HttpConnection.open(rig.service.url)))
    try {
      return await openLoop({
        rate,
        count: requests.length,
        connections,
        signal,
        call: async (request, connection) => {
          const answer = await open[connection]?.send(requests[request] ?? new Uint8Array())
          if (answer?.status !== 204) throw new Error(`the service answered ${answer?.status}: ${answer?.body.slice(0, 500)}`)
        }
      })
    } finally {
      for (const connection of open) connection.close()
    }
  })
}
