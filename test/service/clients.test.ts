import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { Socket } from "node:net"
import type { FastTrackItem } from "../oracle/FastTrackItem.ts"
import { cutIntoBatches, generateItems, seededRandom, shuffle } from "../oracle/generateItems.ts"
import { toBody } from "../oracle/toBody.ts"
import { databaseProxy } from "../support/database/DatabaseProxy.ts"
import { inEveryDatabase } from "../support/database/everyDatabase.ts"
import { holdAppends } from "../support/database/holdAppends.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { sqlOf, testApplication, testSql } from "../support/database/TestSql.ts"
import { assertCounters, assertLogIsSound, assertStored } from "../support/database/wholeLog.ts"
import { readMetric } from "../support/service/reader.ts"
import { deliver, post } from "../support/service/sender.ts"
import { sendRaw } from "../support/service/sendRaw.ts"
import { startService } from "../support/service/ServiceProcess.ts"
import { until, untilEffect } from "../support/time/until.ts"

const batchesOf = (seed: number, items: ReadonlyArray<FastTrackItem>, maxSize: number) => {
  const random = seededRandom(seed)
  return cutIntoBatches(random, shuffle(random, items), maxSize)
}

const assertDuplicates = Effect.fnUntraced(function*(url: string, items: ReadonlyArray<FastTrackItem>) {
  const answer = yield* post(url, toBody([...items, "something invalid, for there to be a report"]))
  assert.strictEqual(answer.status, 200, answer.text)
  const { accepted, duplicates } = JSON.parse(answer.text) as Record<string, unknown>
  assert.deepStrictEqual({ accepted, duplicates }, { accepted: 0, duplicates: items.length })
})

layer(testSql, { excludeTestServices: true })("clients that go away", (it) => {
  it.effect("leave nothing behind in the middle of a body, and do not keep it from the others", () =>
    Effect.gen(function*() {
      const half = toBody(generateItems({ seed: 42, users: 20, userPrefix: "half-", now: new Date() }).items)
      const body = Buffer.byteLength(half)
      // Room for three such bodies at a time: a share of it that was not given back would be missed
      // soon.
      const { url } = yield* startService({ MAX_BODY_BYTES: String(body), MAX_BYTES_IN_FLIGHT: String(4 * body) })
      const { items } = generateItems({ seed: 41, users: 20, userPrefix: "whole-", now: new Date() })
      const inFlight = (holds: (bytes: number) => boolean) =>
        Effect.timeout(
          untilEffect(Effect.map(readMetric(url, "playtally_in_flight_bytes"), (bytes) => bytes !== undefined && holds(bytes))),
          "60 seconds"
        )
      const leave = (nth: number, socket: Socket) => nth % 2 === 0 ? socket.destroy() : socket.resetAndDestroy()

      // Some go while the service reads their bodies, others at once.
      const leaving = yield* Effect.forkChild(Effect.gen(function*() {
        for (let nth = 0; nth < 8; nth++) {
          const socket = yield* sendRaw(url, half, 0.9)
          yield* inFlight((bytes) => bytes >= body)
          leave(nth, socket)
          yield* inFlight((bytes) => bytes < body)
        }
        for (let nth = 0; nth < 40; nth++) leave(nth, yield* sendRaw(url, half, 1 - 1 / (2 + nth)))
      }))
      yield* Effect.forEach(
        batchesOf(41, items, 50),
        (batch) => Effect.map(deliver(() => url, batch), ({ status, text }) => assert.strictEqual(status, 204, text)),
        { concurrency: 2 }
      )
      yield* Fiber.join(leaving)
      yield* inFlight((bytes) => bytes === 0)
      assert.deepStrictEqual(
        (yield* Effect.all([1, 2, 3].map(() => post(url, "[]".padEnd(body))), { concurrency: 3 })).map(({ status }) => status),
        [204, 204, 204]
      )
      yield* assertStored(url, items)
      yield* assertCounters(url, items)
      assert.deepStrictEqual(yield* inEveryDatabase((sql) => sql`select user_id from events where user_id like 'half-%'`), [])
      yield* assertLogIsSound
    }), 60_000)
})

const ofOne = sqlOf(TestDatabase.layerOfOne("what stands in front of a database holds its appends, or has it go away"))

layer(ofOne, { excludeTestServices: true })("clients that go away", (it) => {
  it.effect("after the whole body have their events stored once, also when they send them again", () =>
    Effect.gen(function*() {
      const sql = yield* PgClient.PgClient
      const { url } = yield* startService()
      const { items: begun } = generateItems({ seed: 43, users: 5, userPrefix: "begun-", now: new Date() })
      const { items } = generateItems({ seed: 44, users: 20, userPrefix: "gone-", now: new Date() })

      const appends = yield* holdAppends
      const client = yield* sendRaw(url, toBody(begun))
      yield* appends.reached
      client.destroy()
      yield* appends.release
      yield* untilEffect(Effect.map(sql`select from events where user_id like 'begun-%' limit 1`, (rows) => rows.length > 0))
      yield* assertDuplicates(url, begun)

      // These go at any moment between the arrival of the body and the answer, and the second time
      // they stay.
      const batches = batchesOf(44, items, 100)
      yield* Effect.forEach(batches, (batch) => Effect.map(sendRaw(url, toBody(batch)), (socket) => socket.destroy()), { concurrency: 4 })
      yield* Effect.forEach(
        batches,
        (batch) => Effect.map(deliver(() => url, batch), ({ status, text }) => assert.strictEqual(status, 204, text)),
        { concurrency: 4 }
      )
      yield* assertStored(url, [...begun, ...items])
      yield* assertCounters(url, [...begun, ...items])
      yield* assertLogIsSound
    }), 60_000)
})

layer(ofOne, { excludeTestServices: true })("a database that goes away", (it) => {
  it.effect("again and again is met with 503 at most, and everything is right once it stays", () =>
    Effect.gen(function*() {
      const sql = yield* PgClient.PgClient
      const proxy = yield* databaseProxy
      const service = yield* startService({ DATABASE_URL: proxy.url })
      const { items } = generateItems({ seed: 45, users: 40, now: new Date() })
      const batches = batchesOf(45, items, 60)
      let answered = 0
      const delivering = yield* Effect.forkChild(Effect.forEach(
        batches,
        (batch) =>
          Effect.map(deliver(() => service.url, batch), ({ status, text }) => {
            answered++
            assert.strictEqual(status, 204, text)
          }),
        { concurrency: 4 }
      ))
      const partAnswered = (part: number) => until(() => answered >= batches.length * part)

      // Its sessions are ended, then the connections are cut with answers on the way.
      for (let part = 0.05; part < 0.4; part += 0.05) {
        yield* partAnswered(part)
        yield* sql`
          select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and application_name <> ${testApplication}`
      }
      for (let part = 0.4; part < 0.6; part += 0.05) {
        yield* partAnswered(part)
        yield* proxy.loseAnswers
        yield* until(proxy.hasLostAnswers)
        yield* proxy.restore
      }
      // It is away for so long that the service says so.
      yield* partAnswered(0.6)
      yield* proxy.cut
      yield* untilEffect(Effect.map(
        post(service.url, "[]"),
        ({ headers, status }) => {
          if (status === 503) assert.match(headers.get("retry-after") ?? "", /^\d+$/)
          return status === 503
        }
      ))
      yield* proxy.restore

      yield* Fiber.join(delivering)
      yield* assertCounters(service.url, items)
      yield* assertStored(service.url, items)
      yield* assertLogIsSound
    }), 90_000)
})
