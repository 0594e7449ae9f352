import * as Effect from "effect/Effect"
import { closedLoop } from "../closedLoop.ts"
import { postRequest } from "../HttpConnection.ts"
import type { Row } from "../Row.ts"
import { quantile } from "../statistics.ts"
import { bodiesOf, traffic } from "../traffic.ts"

/** Whether the service's memory grows under load. */
export const memory: Row = {
  name: "memory",
  title: "Resident memory of the service, all threads",
  measure: Effect.fnUntraced(function*(bench) {
    const rig = yield* bench.rig
    const { apiKey, url } = rig.service
    yield* rig.quiet
    const from = rig.memory.length
    const next = traffic({ run: `memory-${process.pid}`, users: 100_000 })
    yield* bench.say(`${bench.profile.memorySeconds} seconds of 1,000 a request`)
    yield* Effect.promise((signal) =>
      closedLoop({
        url,
        next: () => postRequest(url, "/api/v1/integrations/fasttrack/bulk", apiKey, bodiesOf(next, 1, 1000)[0] ?? ""),
        connections: 4,
        seconds: bench.profile.memorySeconds,
        signal
      })
    )
    const sending = rig.memory.slice(from).map(([, megabytes]) => megabytes)
    const third = Math.ceil(sending.length / 3)
    return {
      measurements: [
        {
          what: `the last third of ${bench.profile.memorySeconds} s of sending`,
          unit: "MB",
          values: [quantile(sending.slice(-third), 0.5)],
          against: { what: "the first third", values: [quantile(sending.slice(0, third), 0.5)] }
        },
        {
          what: "the greatest in the whole life of the service",
          unit: "MB",
          values: [Math.max(...rig.memory.map(([, megabytes]) => megabytes))]
        }
      ],
      series: [{ title: "Resident memory of the service", unit: "MB", lines: [{ name: rig.runtime, points: [...rig.memory] }] }]
    }
  })
}
