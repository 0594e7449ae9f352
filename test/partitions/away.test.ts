import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { sliceOf } from "../../src/event-log/sliceOf.ts"
import { newLayout, partitionOf } from "../../src/partitions/PartitionMap.ts"
import { TenantId } from "../../src/values/TenantId.ts"
import { UserId } from "../../src/values/UserId.ts"
import type { FastTrackItem } from "../oracle/FastTrackItem.ts"
import { generateItems } from "../oracle/generateItems.ts"
import { toBody } from "../oracle/toBody.ts"
import { databaseProxy } from "../support/database/DatabaseProxy.ts"
import { partitionSettings, TestDatabase } from "../support/database/TestDatabase.ts"
import { testSql } from "../support/database/TestSql.ts"
import { assertCounters } from "../support/database/wholeLog.ts"
import { deliver, post, request } from "../support/service/sender.ts"
import { startService } from "../support/service/ServiceProcess.ts"
import { untilEffect } from "../support/time/until.ts"

/** A proxy before a database at a URL. */
const proxyOf = (url: string) =>
  Effect.provideService(databaseProxy, TestDatabase, TestDatabase.of({ url: Redacted.make(url), settings: {} }))

const layout = newLayout(["home", "s1", "s2"])

layer(testSql, { excludeTestServices: true })("a log with three partitions", (it) => {
  it.effect("serves the others while one is away, and all of it exactly once it is back", () =>
    Effect.gen(function*() {
      const database = yield* TestDatabase
      const sql = yield* PgClient.PgClient
      const settings = yield* partitionSettings(3)
      const [first = "", second = ""] = (settings["DATABASE_SERVERS"] ?? "").split(" ")
      const home = yield* proxyOf(Redacted.value(database.url))
      const away = yield* proxyOf(first.slice("s1=".length))
      const { url } = yield* startService({ ...settings, DATABASE_URL: home.url, DATABASE_SERVERS: `s1=${away.url} ${second}` })

      const [tenant] = yield* sql<{ tenant_id: string }>`select tenant_id from tenants`
      const tenantId = TenantId(tenant?.tenant_id ?? "")
      const { items } = generateItems({ seed: 5, users: 40, itemsPerUser: 8, now: new Date() })
      const ofPartition = (partition: number, some: ReadonlyArray<FastTrackItem> = items) =>
        some.filter(({ data }) => partitionOf(layout, sliceOf(tenantId, UserId(data.user_id))).partition === partition)
      for (const partition of [0, 1, 2]) assert.isAbove(ofPartition(partition).length, 10)
      const early = items.slice(0, items.length / 2)
      const readOf = (partition: number) => request(`${url}/api/v1/users/${ofPartition(partition, early)[0]?.data.user_id}/counters`)
      assert.strictEqual((yield* deliver(() => url, early)).status, 204)

      yield* away.cut
      const touching = yield* post(url, toBody(items))
      assert.strictEqual(touching.status, 503)
      assert.isNotNull(touching.headers.get("retry-after"))
      assert.include(touching.text, "Partition 1 is not served now.")
      assert.strictEqual((yield* post(url, toBody([...ofPartition(0), ...ofPartition(2)]))).status, 204)
      assert.deepStrictEqual((yield* Effect.forEach([0, 1, 2], readOf)).map(({ status }) => status), [200, 503, 200])
      const ready = yield* request(`${url}/readyz`)
      assert.strictEqual(ready.status, 200)
      const { partitions } = (JSON.parse(ready.text) as { checks: { partitions: ReadonlyArray<{ database: boolean }> } }).checks
      assert.deepStrictEqual(partitions.map(({ database }) => database), [true, false, true])
      assert.include((yield* request(`${url}/metrics`)).text, `playtally_partition_up{partition="1",server="s1"} 0`)

      yield* away.restore
      assert.strictEqual((yield* deliver(() => url, items)).status, 204)
      yield* assertCounters(url, items)

      yield* home.cut
      // Its events are of the partition at home, and the others go on with the keys that are known.
      const { items: later } = generateItems({ seed: 6, users: 20, itemsPerUser: 8, userPrefix: "later-", now: new Date() })
      yield* untilEffect(
        Effect.map(post(url, toBody([...ofPartition(1, later), ...ofPartition(2, later)])), ({ status }) => status === 204)
      )
      assert.deepStrictEqual((yield* Effect.forEach([0, 1, 2], readOf)).map(({ status }) => status), [503, 200, 200])
      assert.include((yield* post(url, toBody(ofPartition(0, later)))).text, "Partition 0 is not served now.")
      yield* home.restore
      assert.strictEqual((yield* deliver(() => url, later)).status, 204)
      yield* assertCounters(url, later)
    }), 90_000)
})
