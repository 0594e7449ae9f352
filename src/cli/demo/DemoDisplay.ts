import * as Effect from "effect/Effect"
import * as Stdio from "effect/Stdio"
import * as Terminal from "effect/Terminal"
import { print } from "../print.ts"
import type { DemoTotals, Latency } from "./DemoStatistics.ts"
import { progressLine } from "./progressLine.ts"

/** A moment of the run; times in milliseconds. */
export interface Moment {
  readonly totals: DemoTotals
  readonly elapsed: number
  readonly latency: Latency
  /** Lines to show below, on a terminal. */
  readonly below: ReadonlyArray<string>
}

/** The rate shown is that of the last seconds. */
const rateWindow = 3_000

const up = (lines: number) => lines === 0 ? "" : `\u001b[${lines}A`
const eraseBelow = "\r\u001b[J"

/**
 * Shows how a run goes: lines redrawn in place on a terminal, and a plain line every 5 seconds
 * elsewhere.
 */
export const makeDemoDisplay = Effect.fnUntraced(function*(duration: number) {
  const terminal = yield* Terminal.Terminal
  const live = yield* (yield* Stdio.Stdio).stdoutIsTerminal
  let drawn = 0
  let samples: ReadonlyArray<{ readonly elapsed: number; readonly sent: number }> = [{ elapsed: 0, sent: 0 }]

  const rateAt = (elapsed: number, sent: number): number => {
    const recent = samples.filter((sample) => sample.elapsed > elapsed - rateWindow)
    const first = samples[samples.length - recent.length - 1] ?? recent[0]
    samples = [...samples.slice(-recent.length - 1), { elapsed, sent }]
    return first === undefined || elapsed <= first.elapsed ? 0 : ((sent - first.sent) * 1_000) / (elapsed - first.elapsed)
  }

  const draw = Effect.fnUntraced(function*(lines: ReadonlyArray<string>) {
    // A line that the terminal breaks in two would spoil the count.
    const width = Math.max(20, yield* terminal.columns) - 1
    const text = lines.map((line) => `${[...line].slice(0, width).join("")}\n`).join("")
    yield* terminal.display(`${up(drawn)}${eraseBelow}${text}`)
    drawn = lines.length
  })

  return {
    live,
    /** How often to show something new. */
    every: live ? "250 millis" : "5 seconds",
    show: ({ below, elapsed, latency, totals }: Moment) => {
      const line = progressLine(totals, { elapsed, duration, latency, rate: rateAt(elapsed, totals.sent) })
      return live ? draw([line, "", ...below]) : print(line)
    },
    clear: Effect.suspend(() => live ? draw([]) : Effect.void)
  } as const
})
