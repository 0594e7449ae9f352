import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { FastTrackItem } from "../oracle/FastTrackItem.ts"
import { cutIntoBatches, generateItems, seededRandom, shuffle } from "../oracle/generateItems.ts"
import { toBody } from "../oracle/toBody.ts"
import { databaseProxy } from "../support/database/DatabaseProxy.ts"
import { holdAppends } from "../support/database/holdAppends.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { sqlOf, testSql } from "../support/database/TestSql.ts"
import { assertCounters, assertLogIsSound, assertNothingElse, assertStored } from "../support/database/wholeLog.ts"
import { deliver, pause, post } from "../support/service/sender.ts"
import { startService } from "../support/service/ServiceProcess.ts"
import { until, untilEffect } from "../support/time/until.ts"

const clients = 4

/**
 * Delivers the batches to a process that is killed (`kill -9`) and started again.
 *
 * Each kill comes after another part of the batches has been answered. Gives the last process, and
 * how many requests the kills cut off.
 */
const deliverToCrashing = Effect.fnUntraced(function*(batches: ReadonlyArray<ReadonlyArray<FastTrackItem>>, crashes: number) {
  let service = yield* startService()
  let answered = 0
  let underWay = 0
  let cutOff = 0
  const delivering = yield* Effect.forkChild(Effect.forEach(
    batches,
    (batch) =>
      Effect.gen(function*() {
        underWay++
        const { status, text } = yield* Effect.retry(deliver(() => service.url, batch), pause)
        underWay--
        answered++
        assert.strictEqual(status, 204, text)
      }),
    { concurrency: clients }
  ))
  for (let crash = 1; crash <= crashes; crash++) {
    yield* until(() => answered >= batches.length * crash / (crashes + 1))
    cutOff += underWay
    yield* service.signal("SIGKILL")
    assert.deepStrictEqual(yield* service.ended, { code: null, signal: "SIGKILL" })
    service = yield* startService()
  }
  yield* Fiber.join(delivering)
  return { service, cutOff }
})

layer(testSql, { excludeTestServices: true })("kill -9", (it) => {
  it.effect("of two processes under load loses nothing that was answered and stores nothing twice", () =>
    Effect.gen(function*() {
      const random = seededRandom(21)
      const { items } = generateItems({ seed: 21, users: 40, now: new Date() })
      const batches = cutIntoBatches(random, shuffle(random, items), 100)
      const half = batches.length >> 1
      const runs = yield* Effect.all(
        [deliverToCrashing(batches.slice(0, half), 2), deliverToCrashing(batches.slice(half), 1)],
        { concurrency: 2 }
      )
      for (const { cutOff } of runs) assert.isAbove(cutOff, 0)
      yield* assertStored(runs[0].service.url, items)
      yield* assertNothingElse(items)
      yield* assertCounters(runs[1].service.url, items)
      yield* assertLogIsSound
    }), 90_000)
})

const ofOne = sqlOf(TestDatabase.layerOfOne("what stands in front of a database holds its appends"))

layer(ofOne, { excludeTestServices: true })("kill -9", (it) => {
  it.effect("after the commit and before the answer: what is sent again is a duplicate", () =>
    Effect.gen(function*() {
      const sql = yield* PgClient.PgClient
      const proxy = yield* databaseProxy
      const killed = yield* startService({ DATABASE_URL: proxy.url })
      const { items } = generateItems({ seed: 22, users: 1, userPrefix: "unanswered-", now: new Date() })
      const isCommitted = Effect.map(
        sql<{ found: boolean }>`select exists (select from events where user_id like 'unanswered-%') as found`,
        ([row]) => row?.found === true
      )
      const appends = yield* holdAppends
      const unanswered = yield* Effect.forkChild(Effect.flip(post(killed.url, toBody(items))))
      yield* appends.reached
      yield* proxy.loseAnswers
      yield* appends.release
      yield* untilEffect(isCommitted)
      yield* killed.signal("SIGKILL")
      yield* killed.ended
      assert.strictEqual((yield* Fiber.join(unanswered))._tag, "NoAnswer")

      const { url } = yield* startService()
      const again = yield* post(url, toBody([...items, "something invalid, for there to be a report"]))
      assert.strictEqual(again.status, 200, again.text)
      const { accepted, duplicates } = JSON.parse(again.text) as Record<string, unknown>
      assert.deepStrictEqual({ accepted, duplicates }, { accepted: 0, duplicates: items.length })
      yield* assertStored(url, items)
      yield* assertCounters(url, items)
      yield* assertLogIsSound
    }), 60_000)
})
