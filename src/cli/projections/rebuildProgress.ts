import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import type { RebuildProgress } from "../../projections/versions/rebuild.ts"

const width = 30

/**
 * How far a rebuild is, in one line: `rate` in events a second, of which the rest of the time is
 * told.
 */
export const rebuildLine = ({ done, heldBack, total }: RebuildProgress, rate: number): string => {
  const part = total === 0 ? 1 : done / total
  const bar = "#".repeat(Math.floor(part * width)).padEnd(width, ".")
  const left = rate === 0 ? "" : `  ${Math.ceil((total - done) / rate)} s left`
  const yielding = heldBack < 0.01 ? "" : `  holding back ${Math.round(heldBack * 100)} %`
  return `[${bar}] ${done} of ${total} events  ${Math.round(rate)}/s${left}${yielding}`
}

/**
 * Shows the progress of a rebuild on stderr as it comes: in place on a terminal, else a line now
 * and then. `end` leaves the line that is shown in place; the next progress is that of another
 * rebuild.
 */
export const makeProgressLine = Effect.gen(function*() {
  const inPlace = process.stderr.isTTY
  const begin = { started: yield* Clock.currentTimeMillis, first: undefined, shown: Number.NEGATIVE_INFINITY }
  let line: { readonly started: number; readonly first: number | undefined; readonly shown: number } = begin
  return {
    show: Effect.fnUntraced(function*(progress: RebuildProgress) {
      const now = yield* Clock.currentTimeMillis
      const { first = progress.done, started } = line
      const isDue = inPlace || now - line.shown >= 5000 || progress.done >= progress.total
      line = { started, first, shown: isDue ? now : line.shown }
      if (!isDue) return
      const text = rebuildLine(progress, (progress.done - first) / Math.max(1, now - started) * 1000)
      yield* inPlace ? Effect.sync(() => process.stderr.write(`\r\x1b[K${text}`)) : Console.error(text)
    }),
    end: Effect.gen(function*() {
      if (inPlace && line.first !== undefined) yield* Console.error("")
      line = { ...begin, started: yield* Clock.currentTimeMillis }
    })
  }
})
