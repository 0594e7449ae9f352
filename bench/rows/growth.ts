import * as Effect from "effect/Effect"
import { copyTitle } from "../copyBaseline.ts"
import { filledDatabase } from "../filledDatabase.ts"
import { type Load, rateOf, startRig } from "../Rig.ts"
import { inRounds, type Row } from "../Row.ts"
import { counters, timedRebuild } from "../timedRebuild.ts"
import { traffic } from "../traffic.ts"

const users = 200_000
const load: Load = { items: 1_000, connections: 4, users }

/** Whether it becomes slower as the log grows. */
export const growth: Row = {
  name: "growth",
  title: "Ingest with as many events stored (1,000 a request, 4 connections, 200,000 users)",
  withoutService: true,
  measure: Effect.fnUntraced(function*(bench) {
    const { profile, say, server } = bench
    const { fillTo, url } = yield* filledDatabase(bench, Math.max(...profile.growth), traffic({ run: "growth", users }))
    const sizes = yield* Effect.forEach(profile.growth, (stored) =>
      Effect.scoped(Effect.gen(function*() {
        yield* fillTo(stored)
        yield* say(`${stored} events stored: making the projections' rows`)
        yield* timedRebuild(bench.runtime, url, counters, "continue")
        yield* say(`${stored} events stored: starting the service`)
        const rig = yield* startRig(server, profile, bench.runtime, { database: url })
        const rounds = yield* inRounds({ ...bench, say: (what) => say(`${stored} events stored: ${what}`) }, () =>
          Effect.gen(function*() {
            const requests = rig.prepare(load)
            yield* rig.quiet
            const since = yield* rig.clock
            const started = performance.now()
            const sent = yield* rig.send(requests, load)
            yield* rig.caughtUp("counters")
            const seconds = (performance.now() - started) / 1000
            return {
              acknowledged: rateOf(sent, load),
              caughtUp: sent.requests * load.items / seconds,
              copy: yield* rig.copy(since)
            }
          }))
        return { stored, rounds }
      })))
    return {
      measurements: sizes.flatMap(({ rounds, stored }) => {
        const against = { what: copyTitle, values: rounds.map(({ copy }) => copy) }
        return [
          { what: `${stored} stored, acknowledged`, unit: "events/s", values: rounds.map(({ acknowledged }) => acknowledged), against },
          {
            what: `${stored} stored, until the counters are caught up`,
            unit: "events/s",
            values: rounds.map((round) => round.caughtUp),
            against
          }
        ]
      }),
      notes: ["The log is filled by COPY to each size; what is sent while measuring comes on top. The leaderboards are not fed here"]
    }
  })
}
