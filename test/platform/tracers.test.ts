import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { TestClock } from "effect/testing"
import * as Tracer from "effect/Tracer"
import { discreetTracer } from "../../src/platform/discreetTracer.ts"
import { sampledTracer } from "../../src/platform/sampledTracer.ts"

/** A tracer, and the spans it was asked for. */
const recording = () => {
  const spans: Array<Tracer.NativeSpan> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      spans.push(span)
      return span
    }
  })
  return { spans, tracer }
}

describe("discreetTracer", () => {
  it.effect("passes on what is on the list, and of events and errors the names", () =>
    Effect.gen(function*() {
      const { spans, tracer } = recording()
      const work = Effect.gen(function*() {
        yield* Effect.annotateCurrentSpan({ tenant: "t", events: 3, "url.path": "/users/secret", "db.query.text": "select secret" })
        const span = yield* Effect.currentSpan
        span.event("retried", 1n, { user: "secret" })
        return yield* Effect.fail(new RangeError("secret"))
      })
      yield* Effect.exit(work.pipe(Effect.withSpan("work"), Effect.provideService(Tracer.Tracer, discreetTracer(tracer))))
      const [span] = spans
      assert.deepStrictEqual([...span?.attributes ?? []], [["tenant", "t"], ["events", 3]])
      assert.deepStrictEqual(span?.events.map(([name, , about]) => [name, about]), [["retried", {}]])
      const status = span?.status
      const exit = status?._tag === "Ended" ? status.exit : Exit.void
      assert.isTrue(Exit.isFailure(exit))
      assert.match(String(Exit.isFailure(exit) ? exit.cause : ""), /RangeError/)
      assert.notInclude(JSON.stringify([...span?.attributes ?? []]) + String(Exit.isFailure(exit) ? exit.cause : ""), "secret")
    }))
})

describe("sampledTracer", () => {
  const spansOf = (share: number, perSecond: number, work: Effect.Effect<unknown>) =>
    Effect.gen(function*() {
      const { spans, tracer } = recording()
      const sampled = sampledTracer(tracer, { share, perSecond, clock: yield* Clock.Clock })
      yield* Effect.provideService(work, Tracer.Tracer, sampled)
      return spans
    })
  const trace = Effect.withSpan(Effect.withSpan(Effect.void, "inner"), "outer")
  const many = (times: number, effect: Effect.Effect<unknown>) =>
    Effect.forEach(Array.from({ length: times }), () => effect, { discard: true })

  it.effect("records traces whole, and a bounded number in a second", () =>
    Effect.gen(function*() {
      const spans = yield* spansOf(1, 3, Effect.andThen(many(10, trace), Effect.andThen(TestClock.adjust(1000), many(10, trace))))
      assert.deepStrictEqual(spans.map(({ name }) => name), Array.from({ length: 6 }, () => ["outer", "inner"]).flat())
    }))

  it.effect("records a share of the traces, and none at a share of 0", () =>
    Effect.gen(function*() {
      const some = yield* spansOf(0.5, 10_000, many(1_000, trace))
      assert.isAbove(some.length, 700)
      assert.isBelow(some.length, 1_300)
      assert.strictEqual((yield* spansOf(0, 10_000, many(1_000, trace))).length, 0)
    }))

  it.effect("lets no caller have more, and continues the trace of one", () =>
    Effect.gen(function*() {
      const parent = Tracer.externalSpan({ traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", sampled: true })
      const spans = yield* spansOf(1, 2, many(10, Effect.withSpan(Effect.void, "called", { parent })))
      assert.deepStrictEqual(spans.map(({ traceId }) => traceId), [parent.traceId, parent.traceId])
    }))

  it.effect("bounds the spans of a trace that never ends", () =>
    Effect.gen(function*() {
      const spans = yield* spansOf(1, 2, Effect.withSpan(many(1_000, Effect.withSpan(Effect.void, "inner")), "outer"))
      assert.strictEqual(spans.length, 200)
    }))
})
