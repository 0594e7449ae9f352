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

/** Leaves the line that is shown in place. */
export const endProgress: Effect.Effect<void> = Effect.suspend(() => process.stderr.isTTY ? Console.error("") : Effect.void)

/** Shows the progress on stderr as it comes: in place on a terminal, else a line now and then. */
export const showProgress = Effect.gen(function*() {
  const started = yield* Clock.currentTimeMillis
  const inPlace = process.stderr.isTTY
  let first: number | undefined
  let shown = Number.NEGATIVE_INFINITY
  return Effect.fnUntraced(function*(progress: RebuildProgress) {
    const now = yield* Clock.currentTimeMillis
    first ??= progress.done
    if (!inPlace && now - shown < 5000 && progress.done < progress.total) return
    shown = now
    const line = rebuildLine(progress, (progress.done - first) / Math.max(1, now - started) * 1000)
    yield* inPlace ? Effect.sync(() => process.stderr.write(`\r\x1b[K${line}`)) : Console.error(line)
  })
})
