import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { rename, rm } from "node:fs/promises"
import type { FastTrackItem } from "../../oracle/FastTrackItem.ts"
import { toBody } from "../../oracle/toBody.ts"
import { bulkPath, request } from "../../support/service/sender.ts"
import type { ServiceProcess } from "../../support/service/ServiceProcess.ts"
import { untilEffect } from "../../support/time/until.ts"
import { assertExact, assertExactForLog, splitByLog } from "./checkExactness.ts"
import { ask, backUp, cutOff, makeStandby, promote, untilFollowing } from "./copyServer.ts"
import { databasePair, losses, serviceAt, untilLossIsTold } from "./databasePair.ts"
import { type EngineMirror, feedKnowsHistories, startMirror } from "./EngineMirror.ts"
import { type LoadOutcome, startLoad } from "./Load.ts"
import { type OwnPostgres, ownPostgres, seesChildren, serverFolder } from "./OwnPostgres.ts"
import { notPossibleHere, scenario, shownTimes, type Told } from "./scenario.ts"

/** The same with an engine that mirrors. */
const pair = Effect.gen(function*() {
  const found = yield* databasePair
  return { ...found, engine: yield* startMirror(found.service.url) }
})

const assertMirrored = Effect.fnUntraced(function*(told: Told, engine: EngineMirror, items: LoadOutcome["acknowledged"]) {
  assert.strictEqual((yield* engine.problems(items)).join("\n"), "")
  told.tell("the engine's copies are right")
})

/**
 * After events were lost: exact for what the log has, and told; and so are the engine's copies, if
 * the feed knows histories.
 */
const assertExactAfterLoss = Effect.fnUntraced(
  function*(told: Told, now: OwnPostgres, service: ServiceProcess, engine: EngineMirror, outcome: LoadOutcome) {
    const lost = yield* assertExactForLog(told, now, service.url, outcome)
    assert.isAbove(lost, 0, "something was lost")
    assert.strictEqual(losses(service), 1, "the loss is told once")
    if (!(yield* feedKnowsHistories(service.url))) return told.tell("SKIPPED the engine's copies: this feed knows no histories")
    yield* assertMirrored(told, engine, (yield* splitByLog(now, outcome.acknowledged)).kept)
  }
)

const login = (id: string): FastTrackItem => ({
  event: "realtime-login",
  data: { user_id: "somebody", timestamp: "2026-01-20T10:00:00Z", unique_id: id }
} as unknown as FastTrackItem)

const post = (url: string, items: ReadonlyArray<FastTrackItem>, milliseconds: number) =>
  Effect.map(
    Effect.option(request(url + bulkPath, {
      method: "POST",
      body: toBody(items),
      headers: { "content-type": "application/json" },
      signal: AbortSignal.timeout(milliseconds)
    })),
    (answer) => answer._tag === "Some" ? answer.value.status : undefined
  )

if (!seesChildren) {
  notPossibleHere("failovers of PostgreSQL", "only Linux shows a server's processes")
} else {
  scenario("an asynchronous standby is promoted that lacks the last commits", 180, (told) =>
    Effect.gen(function*() {
      const { engine, name, primary, service, standby } = yield* pair
      const load = yield* startLoad({ seed: told.seed, urls: () => [service.url], isFaulty: false })
      yield* load.served
      yield* Effect.sleep("2 seconds")
      yield* cutOff(standby)
      yield* load.served
      yield* Effect.sleep("1 second")
      yield* primary.kill
      yield* promote(standby)
      const began = performance.now()
      name.lead(standby.url)
      yield* untilLossIsTold(service)
      told.tell(`the loss was told after ${shownTimes([performance.now() - began])}`)
      const time = yield* load.served
      told.tell(`served again after ${shownTimes([time])}`)
      assert.isBelow(time, 10_000)
      yield* Effect.sleep("2 seconds")
      yield* assertExactAfterLoss(told, standby, service, engine, yield* load.finish)
    }))

  scenario("a synchronous standby is promoted under load", 180, (told) =>
    Effect.gen(function*() {
      const { engine, name, primary, service, standby } = yield* pair
      yield* ask(primary, "alter system set synchronous_standby_names = '*'")
      yield* ask(primary, "select pg_reload_conf()")
      yield* untilEffect(Effect.map(ask(primary, "select sync_state from pg_stat_replication"), ([row]) => row?.["sync_state"] === "sync"))
      const load = yield* startLoad({ seed: told.seed, urls: () => [service.url] })
      yield* load.served
      yield* Effect.sleep("3 seconds")
      yield* primary.kill
      yield* promote(standby)
      yield* ask(standby, "alter system set synchronous_standby_names = ''")
      yield* ask(standby, "select pg_reload_conf()")
      name.lead(standby.url)
      const time = yield* load.served
      told.tell(`served again after ${shownTimes([time])}`)
      assert.isBelow(time, 10_000)
      yield* Effect.sleep("1 second")
      const outcome = yield* load.finish
      yield* assertExact(told, standby, service.url, outcome)
      assert.strictEqual(losses(service), 0, "nothing was lost, and nothing is said to be")
      yield* assertMirrored(told, engine, outcome.acknowledged)
    }))

  scenario("a duplicate is not acknowledged before its original is replicated", 120, (told) =>
    Effect.gen(function*() {
      const { primary, service, standby } = yield* pair
      yield* ask(primary, "alter system set synchronous_standby_names = '*'")
      yield* ask(primary, "select pg_reload_conf()")
      assert.strictEqual(yield* post(service.url, [login("before")], 20_000), 204)
      yield* cutOff(standby)
      const sending = yield* Effect.forkScoped(post(service.url, [login("event")], 30_000))
      const waiting = "select pid from pg_stat_activity where application_name = 'playtally append' and wait_event = 'SyncRep'"
      yield* untilEffect(Effect.map(ask(primary, waiting), (rows) => rows.length > 0))
      // The operator loses patience, and terminates whoever waits, as often as the service tries.
      const terminate = ask(primary, `select pg_terminate_backend(pid) from (${waiting}) as w`)
      const stopping = yield* Effect.forkScoped(Effect.forever(Effect.andThen(terminate, Effect.sleep("100 millis"))))
      assert.strictEqual(yield* Fiber.join(sending), 503)
      const [row] = yield* ask(primary, "select count(*)::int as stored from events")
      assert.strictEqual(row?.["stored"], 2, "the event is in the log of the primary, and nobody was told")
      for (let again = 0; again < 2; again++) assert.strictEqual(yield* post(service.url, [login("event")], 30_000), 503)
      yield* Fiber.interrupt(stopping)
      // Back again: now it is a duplicate that can be acknowledged.
      yield* ask(standby, `alter system reset primary_conninfo`)
      yield* makeStandby(standby.cluster.dataDir, primary)
      yield* ask(standby, "select pg_reload_conf()")
      yield* untilFollowing(primary)
      assert.strictEqual(yield* post(service.url, [login("event")], 30_000), 204)
      const [after] = yield* ask(standby, "select count(*)::int as stored from events")
      assert.strictEqual(after?.["stored"], 2, "what is acknowledged is on the standby")
      told.tell("503 three times while the standby was away, 204 afterwards")
    }))

  scenario("a switchover, after which the name leads to the old primary for 3 s", 180, (told) =>
    Effect.gen(function*() {
      const { engine, folder, name, primary, service, standby } = yield* pair
      const load = yield* startLoad({ seed: told.seed, urls: () => [service.url] })
      yield* load.served
      yield* Effect.sleep("2 seconds")
      // The standby gets all there is, down to the last record of the old primary.
      yield* primary.stop
      yield* promote(standby)
      yield* makeStandby(`${folder}/a`, standby)
      yield* primary.start
      yield* Effect.sleep("3 seconds")
      name.lead(standby.url)
      const time = yield* load.served
      told.tell(`served again ${shownTimes([time])} after the name led to the new primary, ${load.unavailable()} answers 503 before`)
      assert.isBelow(time, 5_000)
      yield* Effect.sleep("1 second")
      const outcome = yield* load.finish
      yield* assertExact(told, standby, service.url, outcome)
      assert.strictEqual(losses(service), 0, "nothing was lost, and nothing is said to be")
      yield* assertMirrored(told, engine, outcome.acknowledged)
    }))

  scenario("a primary that is read-only for 10 s", 120, (told) =>
    Effect.gen(function*() {
      const postgres = yield* ownPostgres(`${yield* serverFolder}/a`)
      const service = yield* serviceAt(postgres.url)
      const engine = yield* startMirror(service.url)
      const load = yield* startLoad({ seed: told.seed, urls: () => [service.url] })
      yield* load.served
      yield* Effect.sleep("1 second")
      yield* ask(postgres, "alter database postgres set default_transaction_read_only = on")
      yield* ask(postgres, "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'playtally%'")
      yield* Effect.sleep("10 seconds")
      const unavailable = load.unavailable()
      yield* ask(postgres, "alter database postgres reset default_transaction_read_only")
      const time = yield* load.served
      told.tell(`${unavailable} answers 503 meanwhile; served again after ${shownTimes([time])}`)
      assert.isAbove(unavailable, 0, "the sender was told")
      assert.isBelow(time, 5_000)
      const outcome = yield* load.finish
      yield* assertExact(told, postgres, service.url, outcome)
      yield* assertMirrored(told, engine, outcome.acknowledged)
    }))

  scenario("an older data folder is restored under a running service", 180, (told) =>
    Effect.gen(function*() {
      const folder = yield* serverFolder
      const postgres = yield* ownPostgres(`${folder}/a`)
      const service = yield* serviceAt(postgres.url)
      const engine = yield* startMirror(service.url)
      const load = yield* startLoad({ seed: told.seed, urls: () => [service.url], isFaulty: false })
      yield* load.served
      yield* Effect.sleep("2 seconds")
      yield* backUp(postgres, `${folder}/backup`)
      yield* Effect.sleep("2 seconds")
      yield* postgres.kill
      yield* Effect.promise(async () => {
        await rm(`${folder}/a/postgres`, { recursive: true })
        await rename(`${folder}/backup/postgres`, `${folder}/a/postgres`)
      })
      yield* postgres.start
      const began = performance.now()
      yield* untilLossIsTold(service)
      told.tell(`the loss was told after ${shownTimes([performance.now() - began])}`)
      yield* load.served
      yield* Effect.sleep("2 seconds")
      yield* assertExactAfterLoss(told, postgres, service, engine, yield* load.finish)
    }))

  scenario("kill -9 of a PostgreSQL whose synchronous_commit is off, 5 times", 120, (told) =>
    Effect.gen(function*() {
      const postgres = yield* ownPostgres(`${yield* serverFolder}/a`)
      yield* ask(postgres, "alter database postgres set synchronous_commit = off")
      // What is not asked for stays in memory for as long as it may.
      yield* ask(postgres, "alter system set wal_writer_delay = '10s'")
      yield* ask(postgres, "select pg_reload_conf()")
      const service = yield* serviceAt(postgres.url)
      const engine = yield* startMirror(service.url)
      const load = yield* startLoad({ seed: told.seed, urls: () => [service.url] })
      for (let kill = 0; kill < 5; kill++) {
        yield* load.served
        yield* Effect.sleep("500 millis")
        yield* postgres.kill
        yield* postgres.start
      }
      yield* load.served
      const outcome = yield* load.finish
      yield* assertExact(told, postgres, service.url, outcome)
      assert.strictEqual(losses(service), 0)
      yield* assertMirrored(told, engine, outcome.acknowledged)
    }))
}
