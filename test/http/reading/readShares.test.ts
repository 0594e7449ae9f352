import { PgClient } from "@effect/sql-pg"
import { assert, describe, it, layer } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Redacted from "effect/Redacted"
import { connect } from "node:net"
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
import { busyFactor } from "../../support/time/eventLoop.ts"
import { until, untilEffect } from "../../support/time/until.ts"
import { bulkPath, document, get, request, serve } from "../serve.ts"

const login = (user: string, id: number) => ({
  event: "realtime-login",
  data: { user_id: user, timestamp: "2026-01-31T12:00:00Z", unique_id: `login-${id}` }
})

let services = 0

/** The whole service on a port of its own, with two tenants' keys. */
const service = Effect.gen(function*() {
  const { url: database } = yield* TestDatabase
  services++
  const built = yield* Layer.build(
    Server.layer.pipe(
      Layer.provide([Readiness.layer, RateLimits.layer, AnswerBudget.layer]),
      Layer.provideMerge(serviceLayer()),
      Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ DATABASE_URL: Redacted.value(database), PORT: "0" }))),
      Layer.provide(Logger.layer([]))
    )
  )
  const tenantWithKey = Effect.fnUntraced(function*(name: string) {
    const tenant = yield* Context.get(built, Tenants).create(`${name} ${services}`, "UTC")
    const { key } = yield* Context.get(built, ApiKeys).create(tenant, name, ["ingest", "read"])
    return { tenant, headers: { "x-api-key": Redacted.value(key), "content-type": "application/json" } }
  })
  return { url: Context.get(built, Server).url, one: yield* tenantWithKey("one"), other: yield* tenantWithKey("other") }
})

const ofOne = sqlOf(TestDatabase.layerOfOne("histories are put into one database by SQL"))

layer(ofOne, { excludeTestServices: true })("readers of one tenant", (it) => {
  it.effect("do not keep another's batches, reads and keys waiting, however slow theirs are", () =>
    Effect.gen(function*() {
      const { one, other, url } = yield* service
      const sql = yield* PgClient.PgClient
      const read = (headers: Record<string, string>, user: string, query: string) =>
        request(`${url}/api/v1/users/${user}/counters?${query}`, { headers: { ...headers, prefer: "wait=30" } })
      const send = (headers: Record<string, string>, items: ReadonlyArray<unknown>) =>
        request(url + bulkPath, { method: "POST", headers, body: JSON.stringify(items) })
      for (const { headers } of [one, other]) {
        assert.strictEqual((yield* send(headers, [login("player", 0)])).status, 204)
        assert.strictEqual((yield* read(headers, "player", "consistency=strong")).status, 200)
      }
      const times: Array<number> = []
      yield* sql.withTransaction(Effect.gen(function*() {
        yield* sql`lock table casino_v1_totals in access exclusive mode`
        const slow = yield* Effect.forkChild(
          Effect.all(Array.from({ length: 24 }, () => read(one.headers, "player", "include=casino")), { concurrency: 24 })
        )
        const blocked = Effect.map(
          sql`select from pg_locks where not granted and relation = 'casino_v1_totals'::regclass`,
          ({ length }) => length >= 6
        )
        yield* untilEffect(blocked)
        for (let n = 1; n <= 20; n++) {
          for (const ask of [send(other.headers, [login("player", n), 1]), read(other.headers, "player", "include=logins")]) {
            const began = performance.now()
            assert.strictEqual((yield* ask).status, 200)
            times.push(performance.now() - began)
          }
        }
        yield* Fiber.interrupt(slow)
      }))
      times.sort((a, b) => a - b)
      assert.isBelow(times.at(-1) ?? Infinity, 200 * busyFactor())
    }))

  it.effect("are told when a section has more rows than a document has, and where they can be read", () =>
    Effect.gen(function*() {
      const { one, url } = yield* service
      const sql = yield* PgClient.PgClient
      yield* fillHistory(sql, one.tenant, "bot", casinoBets(1001, "'C' || n"))
      yield* fillHistory(sql, one.tenant, "tame", casinoBets(1000, "'C' || n"))
      const ask = (path: string, init: RequestInit = {}) =>
        request(`${url}/api/v1/users/${path}`, { headers: { ...one.headers, prefer: "wait=30" }, ...init })
      const whole = yield* ask("bot/counters?consistency=strong")
      assert.strictEqual(whole.status, 422, whole.text)
      assert.deepInclude(whole.json(), { type: "too-many-rows", section: "casino", limit: 1000 })
      assert.include(whole.text, "include")
      assert.include(whole.text, "casino_totals")
      assert.strictEqual((yield* ask("bot/counters?consistency=strong&include=logins,win_streak")).status, 200)
      assert.strictEqual((yield* ask("tame/counters?consistency=strong&include=casino")).status, 200)
      const batch = yield* ask("counters?consistency=strong", { method: "POST", body: JSON.stringify({ user_ids: ["tame", "bot"] }) })
      assert.deepInclude(batch.json(), { type: "too-many-rows", section: "casino" })
      assert.include(batch.text, "bot")

      // One game with all the currencies: of one user it fits, of the other it does not.
      assert.strictEqual((yield* ask("tame/games?consistency=strong")).status, 200)
      for (const query of ["", "&game_id=game"]) {
        assert.deepInclude((yield* ask(`bot/games?consistency=strong${query}`)).json(), {
          type: "too-many-rows",
          section: "casino_by_game"
        })
      }
      const activity = yield* ask("bot/activity?from=2026-01-01&to=2026-01-31&consistency=strong")
      assert.strictEqual((activity.json()["periods"] as ReadonlyArray<unknown>).length, 1001)
    }))
})

layer(ofOne, { excludeTestServices: true })("a page of games", (it) => {
  it.effect("ends before the game that does not fit, and the next begins with it", () =>
    Effect.gen(function*() {
      const { one, url } = yield* service
      const sql = yield* PgClient.PgClient
      // 30 games of 70 currencies each.
      const bets = casinoBets(2100, "'C' || n % 70")
      yield* fillHistory(sql, one.tenant, "bot", { ...bets, payload: bets.payload.replace("'game',", "'game ' || n / 70,") })
      const games: Array<string> = []
      const pages: Array<number> = []
      for (let cursor: unknown = ""; cursor !== null;) {
        const answer = yield* request(
          `${url}/api/v1/users/bot/games?limit=1000&include=casino_by_game&consistency=strong${
            cursor === "" ? "" : `&cursor=${String(cursor)}`
          }`,
          { headers: { ...one.headers, prefer: "wait=30" } }
        )
        assert.strictEqual(answer.status, 200, answer.text)
        const page = answer.json()["casino_by_game"] as Record<string, Record<string, unknown>>
        games.push(...Object.keys(page))
        pages.push(Object.values(page).reduce((rows, currencies) => rows + Object.keys(currencies).length, 0))
        cursor = answer.json()["next_cursor"]
      }
      assert.strictEqual(games.length, new Set(games).size)
      assert.strictEqual(pages.reduce((sum, rows) => sum + rows, 0), 2100)
      assert.isAtMost(Math.max(...pages), 1000)
      assert.isAtMost(pages.length, 3)
    }))
})

describe("a tenant's readings", () => {
  const path = "/api/v1/users/u/counters"

  it.live("are answered 429 where their queue is full, and give their slots back when the clients go", () =>
    Effect.gen(function*() {
      let running = 0
      const free = yield* Deferred.make<void>()
      const { url } = yield* serve({
        read: (_, users) =>
          Effect.acquireUseRelease(
            Effect.sync(() => running++),
            () => Effect.as(Deferred.await(free), users.map(document)),
            () => Effect.sync(() => running--)
          )
      })
      const clients = yield* Effect.forkChild(Effect.all(Array.from({ length: 262 }, () => get(url + path)), { concurrency: "unbounded" }))
      yield* until(() => running === 6)
      const refused = yield* Effect.repeat(get(url + path), { until: ({ status }) => status === 429 })
      assert.deepInclude(refused.json(), { type: "too-many-reads" })
      assert.isNotNull(refused.headers.get("retry-after"))
      yield* Fiber.interrupt(clients)
      yield* until(() => running === 0)
      yield* Deferred.succeed(free, undefined)
      assert.strictEqual((yield* get(url + path)).status, 200)
    }))

  it.live("hold the bytes of their answers until these are read, or the client has gone", () =>
    Effect.gen(function*() {
      const large = { ...document("u"), text: "x".repeat(5 * 1024 * 1024) }
      const { answerBytes, url } = yield* serve({ read: () => Effect.succeed([large]) })
      const sockets = Array.from({ length: 20 }, () => {
        const socket = connect(Number(new URL(url).port), "127.0.0.1")
        socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\nx-api-key: key-all\r\n\r\n`)
        // It never reads.
        return socket.pause()
      })
      const limit = 0.75 * 64 * 1024 * 1024
      yield* until(() => answerBytes() > limit - 2 * large.text.length)
      const refused = yield* Effect.repeat(get(url + path), { until: ({ status }) => status !== 200 })
      assert.deepStrictEqual([refused.status, refused.json()["type"]], [503, "overloaded"])
      assert.isAtMost(answerBytes(), limit)
      for (const socket of sockets) socket.destroy()
      yield* until(() => answerBytes() === 0)
      assert.strictEqual((yield* get(url + path)).text.length, JSON.stringify(large).length)
      yield* until(() => answerBytes() === 0)
    }))

  it.live("have a largest answer", () =>
    Effect.gen(function*() {
      const { url } = yield* serve({ read: () => Effect.succeed([{ ...document("u"), text: "x".repeat(25 * 1024 * 1024) }]) })
      const answer = yield* get(url + path)
      assert.deepStrictEqual([answer.status, answer.json()["type"]], [422, "answer-too-large"])
    }))
})
