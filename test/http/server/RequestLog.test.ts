import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { connect } from "node:net"
import { until } from "../../support/time/until.ts"
import { bulkPath, get, type Logged, postBulk, request, sendRaw, serve } from "../serve.ts"

const linesOf = (logged: ReadonlyArray<Logged>): ReadonlyArray<Readonly<Record<string, unknown>>> =>
  logged.filter(({ message }) => String(message) === "Request").map(({ annotations, level }) => ({ level, ...annotations }))

const on = { REQUEST_LOG: "true" }

describe("the log of requests", () => {
  it.live("has a line of each: whose it is, what it asked for, what it was answered, how long it took", () =>
    Effect.gen(function*() {
      const { logged, url } = yield* serve({ settings: on })
      const answer = yield* postBulk(url, "[{}]")
      assert.strictEqual(answer.status, 204)
      yield* get(`${url}/api/v1/users/player-1/counters?include=logins&api_key=secret`)
      yield* request(`${url}/healthz`)
      yield* until(() => linesOf(logged).length === 3)
      const [posted, read, health] = linesOf(logged)
      assert.deepInclude(posted, {
        level: "Info",
        tenant: "demo",
        key: "the key-all",
        method: "POST",
        path: bulkPath,
        status: 204,
        request_bytes: 4,
        address: "127.0.0.1"
      })
      assert.isAbove(Number(posted?.["answer_bytes"]), 50)
      assert.isAtLeast(Number(posted?.["duration_ms"]), 0)
      assert.deepInclude(read, { path: "/api/v1/users/player-1/counters", status: 400, key: "the key-all" })
      assert.doesNotHaveAnyKeys(health, ["tenant", "key", "request_bytes"])
      assert.notInclude(JSON.stringify(linesOf(logged)), "secret")
    }))

  it.live("has one also of what never becomes a request of the API", () =>
    Effect.gen(function*() {
      const { logged, url } = yield* serve({ settings: { ...on, MAX_BODY_BYTES: "10" }, requestTime: 200 })
      const statusOf = Effect.fnUntraced(function*(act: Effect.Effect<unknown>) {
        logged.length = 0
        yield* act
        yield* until(() => linesOf(logged).length > 0)
        return linesOf(logged).map((line) => [line["status"], line["path"]])
      })
      const post = `POST ${bulkPath} HTTP/1.1\r\nHost: x\r\nx-api-key: key-all\r\nContent-Type: application/json\r\n`
      assert.deepStrictEqual(yield* statusOf(sendRaw(url, "hello\r\n\r\n")), [[400, undefined]])
      assert.deepStrictEqual(yield* statusOf(sendRaw(url, "GET / HTTP/1.1\r\nHost: x\r\n")), [[408, undefined]])
      assert.deepStrictEqual(yield* statusOf(sendRaw(url, `GET /${"x".repeat(20_000)} HTTP/1.1\r\n\r\n`)), [[431, undefined]])
      assert.deepStrictEqual(yield* statusOf(sendRaw(url, "GET /x HTTP/1.1\r\nHost: x\r\nExpect: wonders\r\n\r\n")), [[417, "/x"]])
      assert.deepStrictEqual(yield* statusOf(sendRaw(url, `${post}Content-Length: 9\r\n\r\n[`)), [[408, bulkPath]])
      assert.deepStrictEqual(yield* statusOf(request(`${url}/nothing`)), [[404, "/nothing"]])
      assert.deepStrictEqual(yield* statusOf(request(url + bulkPath, { method: "POST", headers: { "x-api-key": "no key" } })), [[
        401,
        bulkPath
      ]])
      assert.deepStrictEqual(yield* statusOf(postBulk(url, "[1,2,3,4,5,6]")), [[413, bulkPath]])
    }))

  it.live("has 499 of a client that has gone before it was answered", () =>
    Effect.gen(function*() {
      const began = yield* Deferred.make<void>()
      const { logged, url } = yield* serve({
        settings: on,
        read: () => Effect.andThen(Deferred.succeed(began, undefined), Effect.never)
      })
      const socket = connect(Number(new URL(url).port), "127.0.0.1")
      socket.write("GET /api/v1/users/u/counters HTTP/1.1\r\nHost: x\r\nx-api-key: key-all\r\n\r\n")
      yield* Deferred.await(began)
      socket.resetAndDestroy()
      yield* until(() => linesOf(logged).length === 1)
      assert.deepInclude(linesOf(logged)[0], { status: 499, answer_bytes: 0, tenant: "demo", method: "GET" })
    }))

  it.live("counts each answer of a connection by itself", () =>
    Effect.gen(function*() {
      const { logged, url } = yield* serve({ settings: on })
      const ask = (path: string, more = "") => `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`
      const received = yield* sendRaw(url, ask("/healthz") + ask("/openapi.json") + ask("/healthz", "Connection: close\r\n"))
      yield* until(() => linesOf(logged).length === 3)
      const bytes = linesOf(logged).map((line) => Number(line["answer_bytes"]))
      assert.strictEqual(bytes.reduce((sum, one) => sum + one), received.length)
      assert.isAbove(bytes[1] ?? 0, 10_000)
      assert.isBelow(Math.max(bytes[0] ?? 0, bytes[2] ?? 0), 400)
    }))

  it.live("is not written unless it is asked for", () =>
    Effect.gen(function*() {
      const { logged, url } = yield* serve()
      yield* postBulk(url, "[{}]")
      yield* sendRaw(url, "hello\r\n\r\n")
      assert.isEmpty(logged)
    }))
})
