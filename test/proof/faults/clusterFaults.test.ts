import { PgClient } from "@effect/sql-pg"
import { assert } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import { sliceOf } from "../../../src/event-log/sliceOf.ts"
import { newLayout, partitionOf } from "../../../src/partitions/PartitionMap.ts"
import { TenantId } from "../../../src/values/TenantId.ts"
import { UserId } from "../../../src/values/UserId.ts"
import { clusterAddress, isLed, ledBy } from "../../cluster/clusterProcesses.ts"
import type { FastTrackItem } from "../../oracle/FastTrackItem.ts"
import { generateItems } from "../../oracle/generateItems.ts"
import { toBody } from "../../oracle/toBody.ts"
import { databaseProxy } from "../../support/database/DatabaseProxy.ts"
import { partitionSettings, TestDatabase } from "../../support/database/TestDatabase.ts"
import { testApplication } from "../../support/database/TestSql.ts"
import { startProgram } from "../../support/service/program.ts"
import { deliver, post, request } from "../../support/service/sender.ts"
import { type ServiceProcess, startService } from "../../support/service/ServiceProcess.ts"
import { until, untilEffect } from "../../support/time/until.ts"
import { counterProblems } from "./checkExactness.ts"
import { startLoad } from "./Load.ts"
import { scenario, shownTimes } from "./scenario.ts"

/** Seconds that the death of a leader may cost. */
const mostLag = 8

const partitions = 3

/** The greatest lag of any partition, in seconds, as a process sees it. */
const lagOf = ({ url }: ServiceProcess) =>
  Effect.map(
    request(`${url}/metrics`),
    ({ text }) => Math.max(...[...text.matchAll(/^playtally_partition_lag_seconds\{.*\} (\S+)$/gm)].map(([, seconds]) => Number(seconds)))
  )

const login: FastTrackItem = {
  event: "realtime-login",
  data: { user_id: "somebody", timestamp: "2026-01-31T12:00:00Z", unique_id: "login-1" }
}

const timeUntil = <E, R>(condition: Effect.Effect<boolean, E, R>) =>
  Effect.gen(function*() {
    const began = yield* Clock.currentTimeMillis
    yield* untilEffect(condition)
    return (yield* Clock.currentTimeMillis) - began
  })

/** What `events verify` finds wrong in all partitions. */
const verify = Effect.fnUntraced(function*(settings: Readonly<Record<string, string>>) {
  const { url } = yield* TestDatabase
  const verifying = yield* startProgram(["events", "verify"], { DATABASE_URL: Redacted.value(url), ...settings })
  const { code } = yield* verifying.ended
  assert.strictEqual(code, 0, verifying.stdout() + verifying.stderr())
})

scenario("leaders of a cluster of three processes, killed and told to stop under load", 400, (told) =>
  Effect.gen(function*() {
    const settings = yield* partitionSettings(partitions)
    const start = Effect.flatMap(clusterAddress, (address) => startService({ ...settings, ...address }))
    let services: ReadonlyArray<ServiceProcess> = [yield* start, yield* start, yield* start]
    yield* untilEffect(isLed(services, partitions))
    const load = yield* startLoad({ seed: told.seed, urls: () => services.map(({ url }) => url), perSecond: 400 })
    const taken: Array<number> = []
    const handed: Array<number> = []
    let greatest = 0
    /** How often strong reads were answered, by the status. */
    const reads = new Map<number, number>()
    const [first] = services
    assert.strictEqual((yield* deliver(() => first?.url ?? "", [login])).status, 204)
    const watch = Effect.gen(function*() {
      for (;;) {
        const [one] = services
        if (one !== undefined) {
          greatest = Math.max(greatest, yield* Effect.orElseSucceed(lagOf(one), () => 0))
          const { status } = yield* Effect.orElseSucceed(
            request(`${one.url}/api/v1/users/${login.data.user_id}/counters?consistency=strong`),
            () => ({ status: 0 })
          )
          reads.set(status, (reads.get(status) ?? 0) + 1)
        }
        yield* Effect.sleep("200 millis")
      }
    })
    for (const signal of ["SIGKILL", "SIGTERM", "SIGKILL"] as const) {
      const before = load.answered()
      yield* until(() => load.answered() > before + 30)
      const led = yield* Effect.forEach(services, ledBy)
      const most = led.reduce((best, own, nth) => own.length > (led[best]?.length ?? 0) ? nth : best, 0)
      const [leader] = services.slice(most, most + 1)
      if (leader === undefined) throw new Error("There is a leader")
      services = services.toSpliced(most, 1)
      greatest = 0
      const watching = yield* Effect.forkScoped(watch)
      yield* leader.signal(signal)
      ;(signal === "SIGKILL" ? taken : handed).push(yield* timeUntil(isLed(services, partitions)))
      yield* leader.ended
      yield* Effect.sleep("4 seconds")
      yield* Fiber.interrupt(watching)
      assert.isBelow(greatest, mostLag)
      told.tell(`greatest lag after ${signal} ${greatest.toFixed(1)} s`)
      services = [...services, yield* start]
      yield* untilEffect(isLed(services, partitions))
    }
    assert.deepStrictEqual([...reads.keys()], [200])
    assert.isAbove(reads.get(200) ?? 0, 20)
    told.tell(
      `led again after a kill in ${shownTimes(taken)}, after a stop in ${shownTimes(handed)}; ${reads.get(200)} strong reads answered`
    )
    const { acknowledged, unanswered } = yield* load.finish
    assert.deepStrictEqual(unanswered, [])
    const [one] = services
    assert.deepStrictEqual(yield* counterProblems(one?.url ?? "", [login, ...acknowledged]), [])
    yield* verify(settings)
    assert.isAbove(acknowledged.length, 500)
  }).pipe(Effect.provide(TestDatabase.layer)))

/** The URLs of the partitions that are not at home. */
const serversOf = (settings: Readonly<Record<string, string>>) =>
  (settings["DATABASE_SERVERS"] ?? "").split(" ").map((server) => server.slice(server.indexOf("=") + 1))

/** How many slices of a database have casino events that are not folded. */
const unfedSlices = (url: string) =>
  Effect.gen(function*() {
    const sql = yield* PgClient.PgClient
    const [row] = yield* sql<{ count: number }>`
      select count(*)::int as count from slice_heads as h join checkpoints as c using (slice)
      where c.projection = 'casino' and c.position < h.position`
    return row?.count ?? -1
  }).pipe(Effect.provide(PgClient.layer({ url: Redacted.make(url), applicationName: testApplication }), { local: true }))

scenario("a cluster whose home is away", 180, (told) =>
  Effect.gen(function*() {
    const database = yield* TestDatabase
    const settings = yield* partitionSettings(partitions)
    const home = yield* databaseProxy
    const { url } = yield* startService({ ...settings, ...yield* clusterAddress, DATABASE_URL: home.url })
    yield* untilEffect(isLed([{ url }], partitions))
    const { items } = generateItems({ seed: told.seed, users: 60, itemsPerUser: 8, now: new Date() })
    const [tenant] = yield* Effect.flatMap(PgClient.PgClient, (sql) => sql<{ tenant_id: TenantId }>`select tenant_id from tenants`).pipe(
      Effect.provide(PgClient.layer({ url: database.url, applicationName: testApplication }))
    )
    const tenantId = TenantId(tenant?.tenant_id ?? "")
    const layout = newLayout(["home", "s1", "s2"])
    const isElsewhere = ({ data }: FastTrackItem) => partitionOf(layout, sliceOf(tenantId, UserId(data.user_id))).partition > 0
    const [elsewhere, atHome] = [items.filter(isElsewhere), items.filter((item) => !isElsewhere(item))]
    // The key is known, and each partition has the tenant.
    assert.strictEqual((yield* deliver(() => url, [...elsewhere.slice(0, 100), ...atHome.slice(0, 1)])).status, 204)
    yield* home.cut
    yield* untilEffect(Effect.map(ledBy({ url }), (led) => led.length === 0))
    yield* untilEffect(Effect.map(post(url, toBody(elsewhere)), ({ status }) => status === 204))
    // Nobody waits for them, and nobody leads.
    const others = serversOf(settings)
    const isFed = Effect.map(Effect.forEach(others, unfedSlices), (slices) => slices.every((count) => count === 0))
    told.tell(`nobody leads, and the others are fed after ${shownTimes([yield* timeUntil(isFed)])}`)
    yield* home.restore
    told.tell(`led again after ${shownTimes([yield* timeUntil(isLed([{ url }], partitions))])}`)
    assert.strictEqual((yield* deliver(() => url, items)).status, 204)
    assert.deepStrictEqual(yield* counterProblems(url, items), [])
  }).pipe(Effect.provide(TestDatabase.layer)))

/** Transactions a second of some databases, over some seconds. */
const transactions = Effect.fnUntraced(function*(names: ReadonlyArray<string>, seconds: number) {
  const { url } = yield* TestDatabase
  const count = Effect.gen(function*() {
    const sql = yield* PgClient.PgClient
    const [row] = yield* sql<{ count: number }>`
      select sum(xact_commit + xact_rollback)::float8 as count from pg_stat_database where ${sql.in("datname", names)}`
    return row?.count ?? 0
  })
  return yield* Effect.gen(function*() {
    const before = yield* count
    yield* Effect.sleep(`${seconds} seconds`)
    return ((yield* count) - before) / seconds
  }).pipe(
    Effect.provide(PgClient.layer({ url: Redacted.make(new URL("/postgres", Redacted.value(url)).href), applicationName: testApplication }))
  )
})

scenario("three processes of a cluster with nothing to do, against three without", 240, (told) =>
  Effect.gen(function*() {
    const { url } = yield* TestDatabase
    const settings = yield* partitionSettings(partitions)
    const names = [Redacted.value(url), ...serversOf(settings)].map((each) => new URL(each).pathname.slice(1))
    const measured = (address: Effect.Effect<Readonly<Record<string, string>>>) =>
      Effect.scoped(Effect.gen(function*() {
        const services = yield* Effect.forEach(
          [1, 2, 3],
          () => Effect.flatMap(address, (own) => startService({ ...settings, ...own }))
        )
        if ("CLUSTER_ADDRESS" in (yield* address)) yield* untilEffect(isLed(services, partitions))
        yield* Effect.sleep("8 seconds")
        return yield* transactions(names, 15)
      }))
    const alone = yield* measured(Effect.succeed({}))
    const together = yield* measured(clusterAddress)
    told.tell(`${alone.toFixed(0)} transactions a second without, ${together.toFixed(0)} with: ${(together / alone).toFixed(2)}`)
    assert.isBelow(together, alone)
  }).pipe(Effect.provide(TestDatabase.layer)))
