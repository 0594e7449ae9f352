import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { connect } from "node:net"
import { databaseProxy } from "../support/database/DatabaseProxy.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { testSql } from "../support/database/TestSql.ts"
import { bulkPath, request } from "../support/service/sender.ts"
import { apiKey, startService } from "../support/service/ServiceProcess.ts"
import { untilEffect } from "../support/time/until.ts"

/** What is nobody else's business, each a text that occurs nowhere else. */
const secret = (what: string) => `canary-${what}-7f3a`

const json = { "content-type": "application/json" }

const casino = (change: object) => ({
  event: "realtime-casino",
  data: {
    user_id: "u-1",
    timestamp: "2026-01-31T12:00:00Z",
    unique_id: "c-1",
    game_id: secret("game"),
    round_id: secret("round"),
    type: "bet",
    amount: 31_415.926,
    currency: "EUR",
    bonus_wager_amount: 0,
    ...change
  }
})

const payment = {
  event: "realtime-payment",
  data: {
    user_id: "u-1",
    timestamp: "2026-01-31T12:00:00Z",
    payment_id: "p-1",
    type: "credit",
    status: "approved",
    amount: 1,
    currency: "EUR",
    vendor_name: secret("vendor")
  }
}

/** Items of which some are stored and the others are wrong in every way there is. */
const items = [
  casino({}),
  payment,
  casino({ game_id: secret("conflict") }),
  casino({ unique_id: "c-2", amount: secret("amount") }),
  casino({ unique_id: "c-3", type: secret("type") }),
  casino({ unique_id: "c-4", timestamp: secret("time") }),
  casino({ unique_id: "c-5", currency: secret("currency").repeat(10) }),
  casino({ unique_id: "c-6", game_id: `${secret("nul")}\0` }),
  { event: "realtime-nothing", data: { x: secret("data") } },
  { event: "realtime-login", data: secret("data") },
  secret("item")
]

const requests = (url: string): ReadonlyArray<readonly [string, RequestInit]> => {
  const post = (body: unknown, headers: Record<string, string> = {}): readonly [string, RequestInit] => [
    url + bulkPath,
    { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body), headers: { ...json, ...headers } }
  ]
  const get = (path: string, headers: Record<string, string> = {}): readonly [string, RequestInit] => [url + path, { headers }]
  return [
    post({ items }),
    post({ items: items.slice(3) }),
    post({ items }, { prefer: "handling=strict" }),
    post({ items: secret("items") }),
    post(`[${secret("token")}`),
    post(`["${secret("text")}" x]`),
    post(`{"items":["${secret("open")}]}`),
    post(JSON.stringify(items), { "content-type": secret("media") }),
    post(items, { "x-api-key": secret("unknown") }),
    post(items, { "x-api-key": "", authorization: `Bearer ${secret("bearer")}` }),
    get("/api/v1/users/u-1/events?cursor=" + secret("cursor")),
    get("/api/v1/users/u-1/counters?include=" + secret("include")),
    get("/api/v1/users/u-1/counters/explain?path=" + secret("path")),
    get("/api/v1/users/u-1/counters", { "x-api-key": secret("unknown") }),
    get("/api/v1/changes?cursor=" + secret("cursor")),
    get("/api/v1/users/u-1/counters?consistency=strong"),
    [`${url}/api/v1/users/counters`, {
      method: "POST",
      body: JSON.stringify({ user_ids: [1], unknown: secret("value") }),
      headers: json
    }],
    [`${url}/api/v1/users/counters`, { method: "POST", body: `{"user_ids": [${secret("id")}]}`, headers: json }],
    get(`/${secret("nowhere")}`),
    get("/readyz"),
    get("/metrics")
  ]
}

const malformed = (url: string) =>
  Effect.callback<string>((resume) => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1")
    let received = ""
    socket.on("data", (chunk) => received += chunk.toString())
    socket.on("error", () => {})
    socket.on("close", () => resume(Effect.succeed(received)))
    socket.write(`GET / HTTP/1.1\r\nHost: x\r\nx-api-key: ${apiKey}\r\n${secret("header")}\r\n\r\n`)
  })

layer(testSql, { excludeTestServices: true })("keys and what players do", (it) => {
  it.effect("are in no log, no error and no metric, whatever goes wrong", () =>
    Effect.gen(function*() {
      const database = yield* TestDatabase
      const proxy = yield* databaseProxy
      const service = yield* startService({ DATABASE_URL: proxy.url, REQUEST_LOG: "true" })
      const said: Array<string> = []
      const statuses = new Set<number>()
      const ask = Effect.forEach(requests(service.url), ([url, init]) =>
        Effect.map(request(url, init), ({ headers, status, text }) => {
          statuses.add(status)
          if (status >= 400) said.push(text, JSON.stringify([...headers]))
          // Without a key, so for everybody.
          if (url.endsWith("/metrics") || url.endsWith("/readyz")) said.push(text)
        }), { concurrency: 4 })

      yield* ask
      said.push(yield* malformed(service.url))
      yield* proxy.cut
      yield* ask
      yield* proxy.restore
      yield* untilEffect(Effect.map(request(`${service.url}/readyz`), ({ status }) => status === 200))
      for (const status of [200, 400, 401, 404, 415, 422, 503]) assert.include([...statuses], status)

      yield* service.signal("SIGTERM")
      yield* service.ended
      const log = service.stdout() + service.stderr()
      assert.include(log, "Request refused")
      for (const about of ["message=Request ", " tenant=demo key=bootstrap ", " status=200 ", " status=401 ", " status=400 "]) {
        assert.include(log, about)
      }
      // Each line with its date; nothing but the greeting on stdout.
      for (const line of service.stderr().trimEnd().split("\n")) assert.match(line, /^timestamp=\d{4}-\d\d-\d\dT\S+Z level=[A-Z]+ /)
      assert.notInclude(service.stdout(), "level=")
      const password = new URL(Redacted.value(database.url)).password
      for (const text of [...said, log]) {
        // A request that is logged is logged with its path.
        const known = text.replaceAll(/ path=\S+/g, "")
        assert.notInclude(known, "canary-")
        assert.notInclude(known, "31415")
        assert.notInclude(text, apiKey)
        if (password.length > 3) assert.notInclude(text, password)
      }
    }), 60_000)

  it.effect("nor in what is said about settings that are wrong", () =>
    Effect.gen(function*() {
      const database = `postgres://user:${secret("password")}@127.0.0.1:1/none`
      const failure = yield* Effect.flip(Effect.sandbox(startService({ DATABASE_URL: database, BOOTSTRAP_API_KEY: secret("key") })))
      assert.match(String(failure), /serve ended with 1/)
      assert.notInclude(String(failure), "canary-")
    }), 120_000)
})
