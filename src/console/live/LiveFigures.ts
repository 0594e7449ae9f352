import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { MetricsText } from "../../http/service/MetricsText.ts"
import { type Figures, figuresBetween, type Look } from "./figuresBetween.ts"
import { parseMetrics } from "./parseMetrics.ts"

/** How often it looks, and how many figures it keeps: those of five minutes. */
const interval = "2 seconds"
const kept = 150

/** What was seen so far. */
export interface SeenFigures {
  /** The latest last. None before the second look. */
  readonly figures: ReadonlyArray<Figures>
  readonly latest: Look
}

/**
 * The figures of the service over the last minutes, for pages that show them live.
 *
 * It looks at the metrics every two seconds, from the start on, watched or not: a page shows the
 * last minutes at once, and many watchers cost what one does.
 */
export class LiveFigures extends Context.Service<LiveFigures, {
  readonly now: Effect.Effect<SeenFigures>
  /** Tells of each look. A slow reader gets the latest one next. */
  readonly changes: Stream.Stream<SeenFigures>
}>()("playtally/console/LiveFigures") {
  static readonly layer = Layer.effect(
    LiveFigures,
    Effect.gen(function*() {
      const metrics = yield* MetricsText
      const look = Effect.zipWith(Clock.currentTimeMillis, metrics.now, (at, text): Look => ({ at, metrics: parseMetrics(text) }))
      // The service does not wait for the first look, which asks the database.
      let seen: SeenFigures = { figures: [], latest: { at: yield* Clock.currentTimeMillis, metrics: new Map() } }
      yield* Effect.forkScoped(
        Effect.repeat(
          Effect.map(look, (latest) => {
            const isFirst = seen.latest.metrics.size === 0
            seen = { latest, figures: isFirst ? [] : [...seen.figures, figuresBetween(seen.latest, latest)].slice(-kept) }
          }),
          Schedule.spaced(interval)
        )
      )
      const now = Effect.sync(() => seen)
      return LiveFigures.of({ now, changes: Stream.fromEffectSchedule(now, Schedule.spaced(interval)) })
    })
  )
}
