import * as Effect from "effect/Effect"
import { type Load, rateOf, type Rig, startRig } from "../Rig.ts"
import { inRounds, type Row } from "../Row.ts"

const loads: ReadonlyArray<Load> = [{ items: 1, connections: 16 }, { items: 1_000, connections: 4 }]

/** The same service on Deno and on Node. */
export const deno: Row = {
  name: "deno",
  title: "Ingest on Deno, acknowledged",
  withoutService: true,
  measure: Effect.fnUntraced(function*(bench) {
    const onNode = yield* startRig(bench.server, bench.profile, "node")
    const onDeno = yield* startRig(bench.server, bench.profile, "deno")
    const rate = Effect.fnUntraced(function*(rig: Rig, load: Load) {
      const requests = rig.prepare(load)
      yield* rig.quiet
      const rate = rateOf(yield* rig.send(requests, load), load)
      yield* rig.quiet
      return rate
    })
    const rounds = yield* inRounds(
      bench,
      () => Effect.forEach(loads, (load) => Effect.all({ deno: rate(onDeno, load), node: rate(onNode, load) }))
    )
    return {
      measurements: loads.map(({ connections, items }, index) => ({
        what: `${items} a request, ${connections} connections`,
        unit: "events/s",
        values: rounds.map((round) => round[index]?.deno ?? NaN),
        against: { what: "on Node", values: rounds.map((round) => round[index]?.node ?? NaN) }
      }))
    }
  })
}
