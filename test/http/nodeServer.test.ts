import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { connect } from "node:net"
import { makeNodeServer, maxPipelined } from "../../src/http/nodeServer.ts"
import { until } from "../support/until.ts"
import { bulkPath, sendRaw, serve } from "./serve.ts"

const problem = (status: number, type: string) =>
  new RegExp(`^HTTP/1\\.1 ${status} .*connection: close.*application/problem\\+json.*\\r\\n\\r\\n\\{.*"type":"${type}".*\\}$`, "is")

describe("nodeServer", () => {
  it.live.each(
    [
      ["what is not HTTP", "hello\r\n\r\n"],
      ["TLS", "\x16\x03\x01\x02\x00\x01"],
      ["a header that is none", "GET /healthz HTTP/1.1\r\nHost: x\r\nno header\r\n\r\n"],
      ["a length that is none", `POST ${bulkPath} HTTP/1.1\r\nHost: x\r\nContent-Length: 1x\r\n\r\n`],
      ["two lengths", `POST ${bulkPath} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n`],
      ["a length and chunks", `POST ${bulkPath} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`],
      [
        "a chunk that is none",
        `POST ${bulkPath} HTTP/1.1\r\nHost: x\r\nx-api-key: key-all\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`
      ]
    ] satisfies ReadonlyArray<readonly [string, string]>
  )("answers 400 to %s", ([, bytes]) =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      assert.match(yield* sendRaw(url, bytes), problem(400, "malformed-request"))
    }))

  it.live.each(
    [
      ["URL", `GET /${"x".repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`],
      ["headers", `GET / HTTP/1.1\r\nHost: x\r\nx: ${"x".repeat(20_000)}\r\n\r\n`]
    ] satisfies ReadonlyArray<readonly [string, string]>
  )("answers 431 to too long %s", ([, bytes]) =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      assert.match(yield* sendRaw(url, bytes), problem(431, "headers-too-large"))
    }))

  it.live("answers 408 to headers that do not end", () =>
    Effect.gen(function*() {
      const { url } = yield* serve({ requestTime: 50 })
      assert.match(yield* sendRaw(url, "GET / HTTP/1.1\r\nHost: x\r\n"), problem(408, "request-timeout"))
    }))

  it.live("answers 417 to an expectation it does not know", () =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      assert.match(yield* sendRaw(url, "GET /healthz HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\n\r\n"), problem(417, "expectation-failed"))
    }))

  it.live("takes no notice of an offer to upgrade", () =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      const answer = yield* sendRaw(
        url,
        `POST ${bulkPath} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n` +
          "x-api-key: key-all\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n[{}]\r\n0\r\n\r\n"
      )
      assert.match(answer, /^HTTP\/1\.1 204 /)
    }))

  it.live("gives a connection that drips, or says nothing at all, no more time", () =>
    Effect.gen(function*() {
      const { url } = yield* serve({ requestTime: 100 })
      const began = performance.now()
      const drip = Effect.callback<string>((resume) => {
        const socket = connectTo(url)
        const timer = setInterval(() => socket.write("x"), 10)
        socket.write("GET / HTTP/1.1\r\nx: ")
        let received = ""
        socket.on("data", (chunk) => received += chunk.toString("latin1"))
        socket.on("close", () => {
          clearInterval(timer)
          resume(Effect.succeed(received))
        })
        return Effect.sync(() => socket.destroy())
      })
      const [dripped] = yield* Effect.all([drip, sendRaw(url)], { concurrency: 2 })
      assert.match(dripped, problem(408, "request-timeout"))
      assert.isBelow(performance.now() - began, 3000)
    }))

  it.live("takes no more connections than it may, and others again once they have gone", () =>
    Effect.gen(function*() {
      const { url } = yield* serve({ settings: { MAX_CONNECTIONS: "2" } })
      const held = [connectTo(url), connectTo(url)]
      yield* Effect.promise(() => Promise.all(held.map((socket) => new Promise((resolve) => socket.once("connect", resolve)))))
      assert.strictEqual(yield* sendRaw(url, "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), "")
      for (const socket of held) socket.destroy()
      yield* Effect.repeat(sendRaw(url, "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), {
        until: (answer) => answer.startsWith("HTTP/1.1 200 ")
      })
    }))

  it.live.each(
    [["what is not HTTP", "garbage\r\n\r\n"], ["half a request", `POST ${bulkPath} HTTP/1.1\r\nHost: x\r\n`]] satisfies ReadonlyArray<
      readonly [string, string]
    >
  )("answers no whole request for %s that comes behind it", ([, behind]) =>
    Effect.gen(function*() {
      let stored = 0
      const began = yield* Deferred.make<void>()
      const goOn = yield* Deferred.make<void>()
      const { url } = yield* serve({
        requestTime: 300,
        batch: (_, items) =>
          Deferred.succeed(began, undefined).pipe(
            Effect.andThen(Deferred.await(goOn)),
            Effect.map(() => {
              stored += items.count
              return { accepted: items.count, duplicates: 0, rejected: [] }
            })
          )
      })
      const headers = "Host: x\r\nx-api-key: key-all\r\nContent-Type: application/json\r\nContent-Length: 4"
      const answer = yield* Effect.forkChild(sendRaw(url, `POST ${bulkPath} HTTP/1.1\r\n${headers}\r\n\r\n[{}]`, behind))
      yield* Deferred.await(began)
      // What was wrong behind it has closed the connection, without a word.
      assert.strictEqual(yield* Fiber.join(answer), "")
      yield* Deferred.succeed(goOn, undefined)
      yield* until(() => stored === 1)
    }))

  it.live("answers what is sent one after the other in that order", () =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      const paths = ["/healthz", "/nothing", "/readyz", "/healthz?x=1", "/healthz"]
      const answer = yield* sendRaw(
        url,
        [...Array.from({ length: 20 }, () => paths).flat(), "/last"].map((path) =>
          `GET ${path} HTTP/1.1\r\nHost: x\r\n${path === "/last" ? "Connection: close\r\n" : ""}\r\n`
        ).join("")
      )
      assert.deepStrictEqual(
        answer.match(/(?<=HTTP\/1\.1 )\d+/g),
        [...Array.from({ length: 20 }, () => ["200", "404", "200", "200", "200"]).flat(), "404"]
      )
    }))

  it.live("has only so many requests of a connection under way", () =>
    Effect.gen(function*() {
      let reading = 0
      const { url } = yield* serve({ read: () => Effect.andThen(Effect.sync(() => reading++), Effect.never) })
      const get = "GET /api/v1/users/u/counters HTTP/1.1\r\nHost: x\r\nx-api-key: key-all\r\n\r\n"
      // Its end is the service's doing.
      yield* sendRaw(url, ...Array.from({ length: 2000 }, () => get))
      assert.isAbove(reading, 0)
      assert.isAtMost(reading, maxPipelined)
    }))

  it.live("does not wait for ever for who does not read its answer", () =>
    Effect.gen(function*() {
      const server = makeNodeServer(1000, 10, 200)
      server.on("request", (_, response) => response.end(Buffer.alloc(64 * 1024 * 1024)))
      yield* Effect.callback<void>((resume) => {
        server.listen(0, "127.0.0.1", () => resume(Effect.void))
      })
      const address = server.address()
      assert.isObject(address)
      const closed = new Promise<void>((resolve) => server.on("connection", (socket) => socket.on("close", resolve)))
      const socket = connectTo(`http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`)
      socket.pause()
      socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
      yield* Effect.promise(() => closed)
      socket.destroy()
      server.close()
    }))
})

const connectTo = (url: string) => {
  const socket = connect(Number(new URL(url).port), "127.0.0.1")
  socket.on("error", () => {})
  return socket
}
