import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import type * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { print } from "../print.ts"
import { type DemoClient, makeDemoClient } from "./DemoClient.ts"
import { makeDemoDisplay } from "./DemoDisplay.ts"
import { makeDemoStatistics } from "./DemoStatistics.ts"
import { type Player, playerOf } from "./Player.ts"
import { countersTable } from "./PlayerCounters.ts"
import { summaryLines } from "./progressLine.ts"
import { traffic, type TrafficItem } from "./traffic.ts"

/** `rate` is items a second, `duration` milliseconds. */
export interface DemoOptions {
  readonly url: URL
  readonly key: Redacted.Redacted
  readonly players: number
  readonly rate: number
  readonly duration: number
  readonly seed: number
}

/**
 * As FastTrack does: what there is goes out every 200 to 500 ms, a few hundred items a request
 * (more only at very high rates), a few requests at once.
 */
const tick = { least: 200, most: 500 }
const batchSizeAt = (rate: number): number => Math.max(500, Math.ceil(rate / 10))
const connections = 4

/** Of how many players the counters are shown. */
const shownPlayers = 5

/** How long after the end a batch is still sent again. */
const grace = 10_000

/**
 * Batches as they fall due, until the end. If the server is slow, the items wait in the traffic: no
 * more than a tick's batches are made before the former are gone.
 */
const batchesOf = (items: Iterator<TrafficItem, never>, batchSize: number, endAt: number) => {
  let next = items.next().value
  const takeUntil = (now: number) => {
    const batches: Array<Array<TrafficItem>> = []
    while (next.dueAt <= now) {
      const last = batches.at(-1)
      if (last !== undefined && last.length < batchSize) last.push(next)
      else if (batches.length < connections) batches.push([next])
      else break
      next = items.next().value
    }
    return batches
  }
  return Stream.flattenIterable(Stream.fromEffectRepeat(Effect.gen(function*() {
    const now = yield* Clock.currentTimeMillis
    if (now >= endAt) return yield* Cause.done()
    const wait = yield* Random.nextBetween(tick.least, tick.most)
    // What lies ready because the server was slow does not wait for a tick.
    yield* Effect.sleep(next.dueAt < now - tick.most ? 0 : Math.min(wait, endAt - now))
    return takeUntil(Math.min(endAt, yield* Clock.currentTimeMillis))
  })))
}

/** A few players' counters as they were read last. */
const makeReadings = (players: ReadonlyArray<Player>, client: DemoClient) => {
  let lines: ReadonlyArray<string> = []
  const userIds = players.map(({ userId }) => userId)
  return {
    lines: () => lines,
    read: (consistency: "eventual" | "strong") =>
      Effect.match(client.readCounters(userIds, consistency), {
        onSuccess: (counters) => {
          lines = countersTable(players, counters)
        },
        onFailure: ({ message }) => {
          lines = [`The counters could not be read: ${message}`]
        }
      })
  }
}

/**
 * Plays FastTrack for a while: sends the traffic of the players to a running server, shows how it
 * goes, reads a few players' counters back, and tells in the end what came of it, also when it is
 * interrupted.
 */
export const runDemo = Effect.fnUntraced(
  function*({ duration, key, players, rate, seed, url }: DemoOptions) {
    const statistics = makeDemoStatistics()
    const client = yield* makeDemoClient({ url, key, statistics })
    yield* client.check
    const display = yield* makeDemoDisplay(duration)
    yield* print(`Sending the play of ${players} players to ${url.href} (seed ${seed})`)

    const startAt = yield* Clock.currentTimeMillis
    const endAt = startAt + duration
    const elapsed = Effect.map(Clock.currentTimeMillis, (now) => now - startAt)
    const readings = makeReadings(Array.from({ length: Math.min(shownPlayers, players) }, (_, index) => playerOf(index + 1)), client)

    const send = Effect.fnUntraced(function*(batch: ReadonlyArray<TrafficItem>) {
      statistics.sending(batch)
      const left = endAt + grace - (yield* Clock.currentTimeMillis)
      const answer = yield* Effect.timeoutOption(client.send(batch), Math.max(1, left))
      if (Option.isSome(answer)) statistics.answered(batch, answer.value)
    })
    const sending = batchesOf(traffic({ players, rate, seed, startAt }), batchSizeAt(rate), endAt).pipe(
      Stream.mapEffect(send, { concurrency: connections, unordered: true }),
      Stream.runDrain
    )
    const showing = Effect.gen(function*() {
      const latency = yield* statistics.recentLatency
      yield* display.show({ totals: statistics.totals(), elapsed: yield* elapsed, latency, below: readings.lines() })
    }).pipe(Effect.repeat(Schedule.spaced(display.every)))
    const reading = Effect.repeat(readings.read("eventual"), Schedule.spaced("1 second"))
    const summary = Effect.gen(function*() {
      const took = yield* elapsed
      yield* readings.read("strong")
      yield* display.clear
      yield* print(...summaryLines(statistics.totals(), took, yield* statistics.latency), "", ...readings.lines())
    })

    yield* sending.pipe(
      Effect.raceFirst(Effect.delay(showing, display.every)),
      Effect.raceFirst(display.live ? reading : Effect.never),
      Effect.onInterrupt(() => Effect.ignore(summary))
    )
    yield* summary
  },
  // The counts of one run are not those of another in the same process.
  Effect.provideService(Metric.MetricRegistry, new Map())
)
