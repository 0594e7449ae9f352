import * as Effect from "effect/Effect"
import { type Load, rateOf } from "../Rig.ts"
import { inRounds, type Row } from "../Row.ts"

const users = [1, 5_000, 100_000] as const

/** Whether one hot user, or very many, make it slower. */
export const skew: Row = {
  name: "skew",
  title: "One hot user, and many (1,000 a request, 4 connections)",
  measure: Effect.fnUntraced(function*(bench) {
    const rig = yield* bench.rig
    yield* rig.quiet
    const rounds = yield* inRounds(bench, () =>
      Effect.forEach(users, (users) =>
        Effect.gen(function*() {
          const load: Load = { items: 1_000, connections: 4, users }
          const requests = rig.prepare(load)
          yield* rig.caughtUp("counters")
          const started = performance.now()
          const sent = yield* rig.send(requests, load)
          yield* rig.caughtUp("counters")
          return {
            acknowledged: rateOf(sent, load),
            caughtUp: sent.requests * load.items / (performance.now() - started) * 1000
          }
        })))
    const valuesOf = (which: "acknowledged" | "caughtUp", index: number) => rounds.map((round) => round[index]?.[which] ?? NaN)
    return {
      measurements: (["acknowledged", "caughtUp"] as const).flatMap((which) =>
        [0, 1].map((index) => ({
          what: `${users[index] === 1 ? "1 user" : `${users[index]} users`}, ${
            which === "acknowledged" ? "acknowledged" : "until the counters are caught up"
          }`,
          unit: "events/s",
          values: valuesOf(which, index),
          against: { what: "100000 users", values: valuesOf(which, 2) }
        }))
      )
    }
  })
}
