import { assert, layer } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { connect } from "node:net"
import type { FastTrackItem } from "../oracle/FastTrackItem.ts"
import { cutIntoBatches, generateItems, seededRandom, shuffle } from "../oracle/generateItems.ts"
import { toBody } from "../oracle/toBody.ts"
import { holdAppends } from "../support/database/holdAppends.ts"
import { testSql } from "../support/database/TestSql.ts"
import { assertLogIsSound, assertStored } from "../support/database/wholeLog.ts"
import { readMetric } from "../support/service/reader.ts"
import { isFinal, post } from "../support/service/sender.ts"
import { sendRaw } from "../support/service/sendRaw.ts"
import { type ServiceProcess, startService } from "../support/service/ServiceProcess.ts"
import { slowness } from "../support/time/slowness.ts"
import { until, untilEffect } from "../support/time/until.ts"

/** Another process on the same database, to read what the ones that are stopped have left there. */
class Reader extends Context.Service<Reader, ServiceProcess>()("playtally/test/service/Reader") {
  static readonly layer = Layer.effect(Reader, startService())
}

const isRefused = (url: string): Effect.Effect<boolean> =>
  Effect.callback((resume) => {
    const socket = connect(Number(new URL(url).port), new URL(url).hostname)
    socket.on("connect", () => {
      socket.destroy()
      resume(Effect.succeed(false))
    })
    socket.on("error", () => resume(Effect.succeed(true)))
  })

/**
 * Ends within ten seconds, as docs/design.md#starting-and-stopping says: the service counts nine of
 * them itself, and the rest is the machine's.
 */
const endedInTime = ({ ended }: ServiceProcess) => Effect.timeout(ended, 9000 + 1000 * slowness())

/**
 * Sends a batch once, and tells whether it was answered that it is stored. It may be refused for
 * now, or not be answered.
 */
const isStored = (url: string, batch: ReadonlyArray<FastTrackItem>): Effect.Effect<boolean> =>
  post(url, toBody(batch)).pipe(
    Effect.map((answer) => {
      if (!isFinal(answer)) return false
      assert.strictEqual(answer.status, 204, answer.text)
      return true
    }),
    Effect.orElseSucceed(() => false)
  )

layer(Reader.layer.pipe(Layer.provideMerge(testSql)), { excludeTestServices: true })("a process that is told to stop", (it) => {
  it.effect("waits for no client that does not finish its request", () =>
    Effect.gen(function*() {
      const service = yield* startService()
      yield* Effect.acquireRelease(sendRaw(service.url, "[]", 0.5), (socket) => Effect.sync(() => socket.destroy()))
      yield* untilEffect(Effect.map(readMetric(service.url, "playtally_in_flight_bytes"), (bytes) => bytes === 2))
      yield* service.signal("SIGTERM")
      assert.deepStrictEqual(yield* endedInTime(service), { code: 0, signal: null }, service.stderr())
    }), { concurrent: true, timeout: 60_000 })

  it.effect.each(
    [
      { signal: "SIGTERM", to: "process", times: 1 },
      { signal: "SIGTERM", to: "group", times: 2 },
      { signal: "SIGINT", to: "process", times: 3 },
      { signal: "SIGINT", to: "group", times: 1 }
    ] as const
  )("ends in good order under load: $times $signal to its $to", ({ signal, times, to }) =>
    Effect.gen(function*() {
      const random = seededRandom(31)
      const { items } = generateItems({ seed: 31, users: 30, userPrefix: `${signal}-${to}-`, now: new Date() })
      const batches = cutIntoBatches(random, shuffle(random, items), 60)
      const service = yield* startService()
      const answered: Array<FastTrackItem> = []
      const sending = yield* Effect.forkChild(Effect.forEach(
        batches,
        (batch) =>
          Effect.tap(isStored(service.url, batch), (stored) =>
            Effect.sync(() => {
              if (stored) answered.push(...batch)
            })),
        { concurrency: 6 }
      ))
      yield* until(() => answered.length > items.length / 4)
      for (let time = 0; time < times; time++) yield* service.signal(signal, to)
      assert.deepStrictEqual(yield* endedInTime(service), { code: 0, signal: null }, service.stderr())
      assert.isTrue(yield* isRefused(service.url))
      const stored = yield* Fiber.join(sending)
      assert.include(stored, false, "it was stopped before everything was sent")
      yield* assertStored((yield* Reader).url, answered, { perhaps: items })
      yield* assertLogIsSound
    }), { concurrent: true, timeout: 60_000 })

  it.effect("takes nobody on any more, and answers what it has begun", () =>
    Effect.gen(function*() {
      const service = yield* startService()
      const { items } = generateItems({ seed: 32, users: 5, userPrefix: "begun-", now: new Date() })
      const appends = yield* holdAppends
      const answer = yield* Effect.forkChild(post(service.url, toBody(items)))
      yield* appends.reached
      yield* service.signal("SIGTERM")
      yield* Effect.repeat(isRefused(service.url), { until: (refused) => refused })
      yield* appends.release
      const { headers, status } = yield* Fiber.join(answer)
      assert.deepStrictEqual([status, headers.get("connection")], [204, "close"])
      assert.deepStrictEqual(yield* endedInTime(service), { code: 0, signal: null }, service.stderr())
      yield* assertStored((yield* Reader).url, items)
    }), 60_000)
})
