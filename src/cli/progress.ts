import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"
import type { LogProgress } from "../transfer/exportLog.ts"

const count = (value: number): string => Math.round(value).toLocaleString("en-US")

/** "2 h 5 min", "3 min 20 s", "4 s"; `value` in seconds. */
const timeSpan = (value: number): string => {
  const seconds = Math.ceil(value)
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`
}

/**
 * One line of progress: the share, the rate of the last seconds, and the time left at that rate.
 */
export const progressLine = ({ done, total }: LogProgress, perSecond: number, unit = "events"): string =>
  [
    `${count(done)} of ${count(total)} ${unit}`,
    `${total === 0 ? 100 : Math.floor((done / total) * 100)} %`,
    `${count(perSecond)}/s`,
    ...perSecond > 0 ? [`${timeSpan((total - done) / perSecond)} left`] : []
  ].join("  ")

/**
 * A result in one line: "200,000 events in 3.2 s (62,500/s)". `milliseconds` is how long it took.
 */
export const rateLine = (events: number, milliseconds: number): string =>
  `${count(events)} ${events === 1 ? "event" : "events"} in ${(milliseconds / 1_000).toFixed(1)} s (${
    count(events / Math.max(milliseconds, 1) * 1_000)
  }/s)`

/** How often the line is drawn. */
const every = "250 millis"
/** Over how many drawings the rate is taken. */
const window = 20

/**
 * Runs an effect, and shows the progress that it tells in one line on stderr.
 *
 * The line is drawn in place and gone in the end. Nothing is shown if stderr is not a terminal.
 * Gives the result and the milliseconds that it took. Fails as the effect does.
 */
export const withProgress = <A, E, R>(run: (onProgress: (progress: LogProgress) => void) => Effect.Effect<A, E, R>, unit?: string) =>
  Effect.gen(function*() {
    const stdio = yield* Stdio.Stdio
    const started = yield* Clock.currentTimeMillis
    let progress: LogProgress | undefined
    const running = run((now) => {
      progress = now
    })
    const took = Effect.map(Clock.currentTimeMillis, (now) => now - started)
    const result = Effect.flatMap(running, (value) => Effect.map(took, (milliseconds) => ({ value, milliseconds })))
    if (!(yield* stdio.stderrIsTerminal)) return yield* result

    const write = (text: string) => Effect.ignore(Stream.run(Stream.succeed(text), stdio.stderr()))
    let samples: ReadonlyArray<{ readonly at: number; readonly done: number }> = []
    const draw = Effect.gen(function*() {
      if (progress === undefined) return
      const at = yield* Clock.currentTimeMillis
      samples = [...samples.slice(-window), { at, done: progress.done }]
      const first = samples[0]
      const perSecond = first === undefined || at <= first.at ? 0 : (progress.done - first.done) / (at - first.at) * 1_000
      yield* write(`\r\u001b[K${progressLine(progress, perSecond, unit)}`)
    })
    return yield* result.pipe(
      Effect.raceFirst(Effect.andThen(Effect.repeat(draw, Schedule.spaced(every)), Effect.never)),
      Effect.ensuring(write("\r\u001b[K"))
    )
  })
