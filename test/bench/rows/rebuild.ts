import * as Effect from "effect/Effect"
import { filledDatabase } from "../filledDatabase.ts"
import { inRounds, type Row } from "../Row.ts"
import { counters, timedRebuild } from "../timedRebuild.ts"
import { traffic } from "../traffic.ts"

/** How fast a version is made from the log. */
export const rebuild: Row = {
  name: "rebuild",
  title: "Rebuild from the log, in one process, nothing else running",
  withoutService: true,
  measure: Effect.fnUntraced(function*(bench) {
    const { events, users } = bench.profile.rebuild
    const { fillTo, sql, url } = yield* filledDatabase(bench, events, traffic({ run: "rebuild", users }))
    yield* fillTo(events)
    const reading = Effect.gen(function*() {
      const started = performance.now()
      yield* sql.query("copy events to '/dev/null'", [], false)
      return events / (performance.now() - started) * 1000
    })
    const rateOf = (rebuilt: { readonly events: number; readonly milliseconds: number } | undefined) =>
      rebuilt === undefined ? NaN : rebuilt.events / rebuilt.milliseconds * 1000
    const rounds = yield* inRounds(bench, () =>
      Effect.gen(function*() {
        const copy = yield* reading
        const [casino] = yield* timedRebuild(bench.runtime, url, ["casino"])
        return { copy, casino: rateOf(casino), milliseconds: casino?.milliseconds ?? NaN }
      }))
    const against = { what: "COPY TO of the log", values: rounds.map(({ copy }) => copy) }
    yield* bench.say("the others")
    const others = yield* timedRebuild(bench.runtime, url, counters.filter((name) => name !== "casino"))
    const milliseconds = others.reduce((sum, { milliseconds }) => sum + milliseconds, rounds.at(-1)?.milliseconds ?? NaN)
    const copyAfter = [yield* reading]
    const afterwards = { what: against.what, values: copyAfter }
    return {
      measurements: [
        { what: "casino", unit: "events/s", values: rounds.map(({ casino }) => casino), against },
        ...others.map((rebuilt) => ({ what: rebuilt.name, unit: "events/s", values: [rateOf(rebuilt)], against: afterwards })),
        {
          what: `all ${counters.length} that make the counters, one after the other`,
          unit: "events/s",
          values: [events / milliseconds * 1000],
          against: afterwards
        }
      ],
      notes: [
        `A log of ${events} events of ${users} users; events of the log a second, whatever part of them is folded`,
        "COPY TO: all columns of the log, over one connection, to nowhere",
        `The whole catalog without the leaderboards took ${(milliseconds / 1000).toFixed(1)} s`
      ]
    }
  })
}
