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
    const rounds = yield* inRounds(bench, () =>
      Effect.gen(function*() {
        const copy = yield* reading
        const casino = yield* timedRebuild(bench.runtime, url, ["casino"])
        yield* bench.say(`all ${counters.length}`)
        const all = yield* timedRebuild(bench.runtime, url, counters)
        return { copy, casino: casino.rate, all: all.rate, seconds: all.milliseconds / 1000 }
      }))
    const against = { what: "COPY TO of the log", values: rounds.map(({ copy }) => copy) }
    return {
      measurements: [
        { what: "casino", unit: "events/s", values: rounds.map(({ casino }) => casino), against },
        {
          what: `all ${counters.length} that make the counters, from one reading`,
          unit: "events/s",
          values: rounds.map(({ all }) => all),
          against
        }
      ],
      notes: [
        `A log of ${events} events of ${users} users; events of the log a second, whatever part of them is folded`,
        "COPY TO: all columns of the log, over one connection, to nowhere",
        `The whole catalog without the leaderboards took ${rounds.map(({ seconds }) => seconds.toFixed(1)).join(", ")} s`
      ]
    }
  })
}
