import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { copyTitle } from "../copyBaseline.ts"
import { lagOf } from "../projectionLag.ts"
import { type Load, rateOf } from "../Rig.ts"
import { inRounds, type Row } from "../Row.ts"

const load: Load = { items: 1_000, connections: 4, longer: 2 }

/** The rate that counts in the long run, and how far behind the projections are meanwhile. */
export const sustained: Row = {
  name: "sustained",
  title: "Until every projection is caught up, and its lag meanwhile (1,000 a request, 4 connections)",
  measure: Effect.fnUntraced(function*(bench) {
    const rig = yield* bench.rig
    const rounds = yield* inRounds(bench, () =>
      Effect.gen(function*() {
        const requests = rig.prepare(load)
        yield* rig.quiet
        const since = yield* rig.clock
        const started = performance.now()
        const elapsed = () => (performance.now() - started) / 1000
        const lags: Array<{ readonly at: number; readonly counters: number; readonly rankings: number }> = []
        const watch = yield* Effect.forkChild(Effect.forever(Effect.gen(function*() {
          const at = elapsed()
          lags.push({ at, counters: yield* lagOf(rig.sql, "counters"), rankings: yield* lagOf(rig.sql, "rankings") })
          yield* Effect.sleep("250 millis")
        })))
        const sent = yield* rig.send(requests, load)
        const events = sent.requests * load.items
        const atEnd = yield* lagOf(rig.sql, "counters")
        yield* rig.caughtUp("counters")
        const counters = elapsed()
        yield* rig.caughtUp("rankings")
        const rankings = elapsed()
        yield* Fiber.interrupt(watch)
        yield* rig.quiet
        const copy = yield* rig.copy(since)
        return { acknowledged: rateOf(sent, load), counters: events / counters, rankings: events / rankings, atEnd, lags, copy }
      }))
    const against = { what: copyTitle, values: rounds.map(({ copy }) => copy) }
    const last = rounds.at(-1)?.lags ?? []
    return {
      measurements: [
        { what: "acknowledged", unit: "events/s", values: rounds.map(({ acknowledged }) => acknowledged), against },
        { what: "until the counters are caught up", unit: "events/s", values: rounds.map(({ counters }) => counters), against },
        { what: "until the leaderboards are too", unit: "events/s", values: rounds.map(({ rankings }) => rankings), against },
        {
          what: "greatest lag of the counters",
          unit: "events",
          values: rounds.map(({ lags }) => Math.max(...lags.map(({ counters }) => counters)))
        },
        { what: "lag of the counters at the last answer", unit: "events", values: rounds.map(({ atEnd }) => atEnd) }
      ],
      series: [{
        title: "Events not folded yet, while sending and after",
        unit: "events",
        lines: [
          { name: "counters", points: last.map(({ at, counters }) => [at, counters] as const) },
          { name: "leaderboards", points: last.map(({ at, rankings }) => [at, rankings] as const) }
        ]
      }]
    }
  })
}
