import * as Effect from "effect/Effect"
import { freePort } from "../../src/database/embedded/EmbeddedServer.ts"
import { request } from "../support/service/sender.ts"
import type { ServiceProcess } from "../support/service/ServiceProcess.ts"

/** A setting for another runner on this machine. */
export const clusterAddress = Effect.map(Effect.promise(freePort), (port) => ({ CLUSTER_ADDRESS: `127.0.0.1:${port}` }))

/** The partitions that a process leads, by its metrics. */
export const ledBy = ({ url }: Pick<ServiceProcess, "url">) =>
  Effect.map(
    request(`${url}/metrics`),
    ({ text }) =>
      [...text.matchAll(/^playtally_cluster_leads\{(?:process="0",)?partition="(\d+)"\} 1$/gm)].map(([, partition]) => Number(partition))
  )

/** Whether processes lead `partitions` partitions together, each by one of them. */
export const isLed = (services: ReadonlyArray<Pick<ServiceProcess, "url">>, partitions: number) =>
  Effect.map(Effect.forEach(services, ledBy), (led) => {
    const all = led.flat()
    return all.length === partitions && new Set(all).size === partitions
  })
