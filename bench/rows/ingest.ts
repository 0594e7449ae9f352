import * as Effect from "effect/Effect"
import { copyNote, copyTitle } from "../copyBaseline.ts"
import { type Load, rateOf } from "../Rig.ts"
import { inRounds, type Row } from "../Row.ts"

const loads: ReadonlyArray<Load> = [
  { items: 1, connections: 16 },
  { items: 1, connections: 64 },
  { items: 10, connections: 16 },
  { items: 100, connections: 8 },
  { items: 1_000, connections: 4 },
  { items: 10_000, connections: 2 }
]

/** How fast events are stored, by the items of a request. */
export const ingest: Row = {
  name: "ingest",
  title: "Ingest over HTTP, acknowledged, all projections running",
  measure: Effect.fnUntraced(function*(bench) {
    const rig = yield* bench.rig
    yield* rig.warmSingles
    let refused = 0
    const rounds = yield* inRounds(bench, () =>
      Effect.gen(function*() {
        yield* rig.quiet
        const since = yield* rig.clock
        const rates = yield* Effect.forEach(loads, (load) =>
          Effect.gen(function*() {
            const requests = rig.prepare(load)
            yield* rig.caughtUp("counters")
            const sent = yield* rig.send(requests, load)
            refused += sent.refused
            return rateOf(sent, load)
          }))
        yield* rig.quiet
        return { rates, copy: yield* rig.copy(since) }
      }))
    return {
      measurements: loads.map(({ connections, items }, index) => ({
        what: `${items} a request, ${connections} connections`,
        unit: "events/s",
        values: rounds.map(({ rates }) => rates[index] ?? NaN),
        against: { what: copyTitle, values: rounds.map(({ copy }) => copy) }
      })),
      notes: [copyNote, ...refused === 0 ? [] : [`${refused} requests were answered 503 and sent again`]]
    }
  })
}
