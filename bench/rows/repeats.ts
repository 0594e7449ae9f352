import * as Effect from "effect/Effect"
import { type Load, rateOf } from "../Rig.ts"
import { inRounds, type Row } from "../Row.ts"

const load: Load = { items: 1_000, connections: 4 }

/** What resends cost, as after an outage. */
export const repeats: Row = {
  name: "repeats",
  title: "Repeats (1,000 a request, 4 connections)",
  measure: Effect.fnUntraced(function*(bench) {
    const rig = yield* bench.rig
    yield* rig.quiet
    const rounds = yield* inRounds(bench, () =>
      Effect.gen(function*() {
        const requests = rig.prepare(load)
        yield* rig.caughtUp("counters")
        const once = yield* rig.send(requests, load)
        yield* rig.caughtUp("counters")
        const again = yield* rig.send(requests.slice(0, once.requests), load)
        const others = rig.prepare(load)
        yield* rig.caughtUp("counters")
        const twice = yield* rig.send(others, load, 2)
        return { once: rateOf(once, load), again: rateOf(again, load), twice: rateOf(twice, load) }
      }))
    const against = { what: "every batch new", values: rounds.map(({ once }) => once) }
    return {
      measurements: [
        { what: "every batch sent twice in a row", unit: "items/s", values: rounds.map(({ twice }) => twice), against },
        { what: "nothing but resends", unit: "items/s", values: rounds.map(({ again }) => again), against }
      ]
    }
  })
}
