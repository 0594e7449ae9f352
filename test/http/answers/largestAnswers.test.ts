import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Redacted from "effect/Redacted"
import { type ClientRequest, request as httpRequest } from "node:http"
import { serviceLayer } from "../../../src/App.ts"
import { AnswerBudget } from "../../../src/http/answers/AnswerBudget.ts"
import { Server } from "../../../src/http/Server.ts"
import { Readiness } from "../../../src/readiness/Readiness.ts"
import { ApiKeys } from "../../../src/tenants/ApiKeys.ts"
import { RateLimits } from "../../../src/tenants/RateLimits.ts"
import { Tenants } from "../../../src/tenants/Tenants.ts"
import { TestDatabase } from "../../support/database/TestDatabase.ts"
import { sqlOf } from "../../support/database/TestSql.ts"
import { casinoBets, fillHistory } from "../../support/events/fillHistory.ts"
import { busyFactor, longestStep } from "../../support/time/eventLoop.ts"

/**
 * Asks, and lets the answer pass unread: to take it apart here would keep the service waiting,
 * which is in the same process.
 */
const ask = (url: string, headers: Record<string, string>, body?: string) =>
  Effect.callback<{ readonly status: number; readonly bytes: number }>((resume) => {
    let bytes = 0
    const asked: ClientRequest = httpRequest(url, { method: body === undefined ? "GET" : "POST", headers }, (answer) => {
      answer.on("data", (chunk: Buffer) => bytes += chunk.length)
      answer.on("end", () => resume(Effect.succeed({ status: answer.statusCode ?? 0, bytes })))
    })
    asked.end(body)
    return Effect.sync(() => asked.destroy())
  })

const database = sqlOf(TestDatabase.layerOfOne("histories are put into one database by SQL"))

layer(database, { excludeTestServices: true })("the largest answers", (it) => {
  it.effect("are made in steps of some milliseconds", () =>
    Effect.gen(function*() {
      const { url: home } = yield* TestDatabase
      const built = yield* Layer.build(
        Server.layer.pipe(
          Layer.provide([Readiness.layer, RateLimits.layer, AnswerBudget.layer]),
          Layer.provideMerge(serviceLayer()),
          Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ DATABASE_URL: Redacted.value(home), PORT: "0" }))),
          Layer.provide(Logger.layer([]))
        )
      )
      const tenant = yield* Context.get(built, Tenants).create("large", "UTC")
      const { key } = yield* Context.get(built, ApiKeys).create(tenant, "large", ["read"])
      const { url } = Context.get(built, Server)
      const headers = { "x-api-key": Redacted.value(key), "content-type": "application/json", prefer: "wait=60" }
      const sql = yield* PgClient.PgClient

      // Users with as many currencies as a section may have; one who plays in 100 currencies each
      // day. 15 users and 190 days, which are the most that is answered, take half a minute to feed
      // here; their longest steps are those of these.
      const users = Array.from({ length: 4 }, (_, index) => `player-${index}`)
      for (const user of users) yield* fillHistory(sql, tenant, user, casinoBets(1000, "'C' || n"))
      yield* fillHistory(sql, tenant, "daily", { ...casinoBets(4000, "'C' || n % 100"), minutes: 14.4 })
      const users500 = JSON.stringify({ user_ids: users })
      const base = `${url}/api/v1/users`
      // Fed, compiled and planned.
      for (let round = 0; round < 2; round++) {
        yield* ask(`${base}/counters?consistency=strong`, headers, users500)
        yield* ask(`${base}/daily/counters?consistency=strong`, headers)
      }
      const instant = encodeURIComponent(new Date(Date.now() - 5).toISOString())
      const requests: ReadonlyArray<readonly [status: number, path: string, body?: string]> = [
        [200, "/player-1/counters"],
        [200, "/counters", users500],
        [200, "/player-1/games?limit=1000"],
        [200, "/daily/activity?from=2026-01-01&to=2026-12-31"],
        [200, "/daily/activity?from=2026-01-01&to=2026-12-31&granularity=month"],
        [200, "/daily/events?limit=500"],
        [200, `/daily/counters?as_of=${instant}`],
        [200, "/daily/counters/explain?path=casino.C7.bet_count&limit=500"],
        [200, "/daily/counters/explain?path=casino.C7.win_count"],
        [400, "/counters", `{"user_ids":[${"1,".repeat(1_000_000)}1]}`],
        [400, "/counters", `{"user_ids":[${"[],".repeat(600_000)}1]}`]
      ]
      const steps: Array<readonly [path: string, milliseconds: number]> = []
      for (const [status, path, body] of [...requests, ...requests]) {
        const [answer, longest] = yield* longestStep(ask(base + path, headers, body))
        assert.strictEqual(answer.status, status, path)
        steps.push([`${path}: ${answer.bytes} bytes`, longest])
      }
      // The first time each way is compiled.
      const limit = 50 * busyFactor()
      assert.deepStrictEqual(steps.slice(requests.length).filter(([, milliseconds]) => milliseconds > limit), [])
    }))
})
