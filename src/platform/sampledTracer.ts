import type * as Clock from "effect/Clock"
import * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"

/** Spans that the traces of a second may have, for each trace that may begin in it. */
const spansPerTrace = 100

/** How much is recorded. */
export interface Sampling {
  /** The share of traces, from 0 to 1. */
  readonly share: number
  /** The most traces that begin in a second. */
  readonly perSecond: number
  readonly clock: Clock.Clock
}

/**
 * A tracer that records a share of the traces, and at most `perSecond` that begin in one second.
 *
 * What a caller asks for in its `traceparent` does not count. A trace is recorded whole: spans
 * follow their parents. Spans are left out only beyond 100 for each trace that may begin in a
 * second.
 */
export const sampledTracer = (tracer: Tracer.Tracer, { clock, perSecond, share }: Sampling): Tracer.Tracer => {
  let second = 0
  let traces = 0
  let spans = 0
  const beginsTrace = (parent: Option.Option<Tracer.AnySpan>) => Option.isNone(parent) || parent.value._tag === "ExternalSpan"
  const isTaken = (isFirst: boolean): boolean => {
    const now = Math.floor(clock.currentTimeMillisUnsafe() / 1000)
    if (now !== second) {
      second = now
      traces = 0
      spans = 0
    }
    if (spans >= perSecond * spansPerTrace || (isFirst && (traces >= perSecond || Math.random() >= share))) return false
    if (isFirst) traces++
    spans++
    return true
  }
  return Tracer.make({
    ...tracer,
    span: (options) => {
      const sampled = options.sampled && isTaken(beginsTrace(options.parent))
      return sampled ? tracer.span(options) : new Tracer.NativeSpan({ ...options, sampled: false })
    }
  })
}
