import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { copyTitle } from "../copyBaseline.ts"
import { lagAgeOf, lagOf } from "../projectionLag.ts"
import { type Load, rateOf, type Rig } from "../Rig.ts"
import { type Bench, inRounds, type Row } from "../Row.ts"
import { sendAtRate } from "../sendAtRate.ts"
import { quantile } from "../statistics.ts"

// Long enough for what the projections are behind to come to what it stays at: until then they are
// fed users' events two and three at a time, which costs them more.
const load: Load = { items: 1_000, connections: 4, longer: 5 }

/** Of the rate that counts in the long run. */
const steadyPart = 0.7

/**
 * How old the oldest event is that some counter lacks, looked at again and again while events come
 * at that part of a rate.
 */
const agesAt = Effect.fnUntraced(function*(bench: Bench, rig: Rig, eventsPerSecond: number) {
  yield* rig.quiet
  const ages: Array<number> = []
  const watch = yield* Effect.forkChild(Effect.forever(Effect.gen(function*() {
    ages.push(yield* lagAgeOf(rig.sql, "counters"))
    yield* Effect.sleep("150 millis")
  })))
  yield* sendAtRate(bench.profile, rig, { items: load.items, rate: steadyPart * eventsPerSecond / load.items })
  yield* Fiber.interrupt(watch)
  return ages
})

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
        // Before the copy, whose pages the disk is busy with for some seconds.
        const ages = yield* agesAt(bench, rig, events / counters)
        yield* rig.quiet
        const copy = yield* rig.copy(since)
        return { acknowledged: rateOf(sent, load), counters: events / counters, rankings: events / rankings, atEnd, lags, copy, ages }
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
        { what: "lag of the counters at the last answer", unit: "events", values: rounds.map(({ atEnd }) => atEnd) },
        ...([["p50", 0.5], ["p99", 0.99]] as const).map(([name, part]) => ({
          what: `age of the oldest event not counted, at ${steadyPart} of the rate caught up: ${name}`,
          unit: "ms",
          values: rounds.map(({ ages }) => quantile(ages, part))
        }))
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
