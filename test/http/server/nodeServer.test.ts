import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { connect } from "node:net"
import { makeNodeServer } from "../../../src/http/server/nodeServer.ts"
import { slowness } from "../../support/time/slowness.ts"
import { until } from "../../support/time/until.ts"
import { bulkPath, document, sendRaw, serve } from "../serve.ts"

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

  it.live("answers what came before anybody listened for requests", () =>
    Effect.gen(function*() {
      const server = yield* Effect.acquireRelease(
        Effect.sync(() => makeNodeServer({ requestTime: 10_000, connections: 10, keepAlive: 1000 })),
        (server) => Effect.sync(() => (server.close(), server.closeAllConnections()))
      )
      yield* Effect.promise(() => new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening)))
      const address = server.address()
      const url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`
      const answers = yield* Effect.forkChild(Effect.promise(() => Promise.all(Array.from({ length: 3 }, () => fetch(url)))))
      yield* until(() => server.openConnections === 3)
      yield* Effect.sleep("50 millis")
      server.on("request", (_, response) => response.writeHead(204).end())
      assert.deepStrictEqual((yield* Fiber.join(answers)).map(({ status }) => status), [204, 204, 204])
    }).pipe(Effect.scoped))

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
      assert.isBelow(performance.now() - began, 3000 * slowness())
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
    [
      ["what is not HTTP", "garbage\r\n\r\n", 400, "malformed-request"],
      ["half a request", `POST ${bulkPath} HTTP/1.1\r\nHost: x\r\n`, 408, "request-timeout"]
    ] satisfies ReadonlyArray<readonly [string, string, number, string]>
  )("answers a whole request before %s that comes behind it", ([, behind, status, type]) =>
    Effect.gen(function*() {
      const began = yield* Deferred.make<void>()
      const goOn = yield* Deferred.make<void>()
      const { url } = yield* serve({
        requestTime: 300,
        batch: (_, items) =>
          Deferred.succeed(began, undefined).pipe(
            Effect.andThen(Deferred.await(goOn)),
            Effect.as({ accepted: items.count, duplicates: 0, rejected: [] })
          )
      })
      const headers = "Host: x\r\nx-api-key: key-all\r\nContent-Type: application/json\r\nContent-Length: 4"
      const whole = `POST ${bulkPath} HTTP/1.1\r\n${headers}\r\n\r\n[{}]`
      for (const parts of [[whole, behind], [whole + behind]]) {
        const answer = yield* Effect.forkChild(sendRaw(url, ...parts))
        yield* Deferred.await(began)
        yield* Deferred.succeed(goOn, undefined)
        const [first = "", second = ""] = (yield* Fiber.join(answer)).split(/(?=HTTP\/1\.1 4)/)
        assert.match(first, /^HTTP\/1\.1 204 /)
        assert.match(second, problem(status, type))
      }
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

  it.live("takes a connection's requests one at a time, whole bodies and all, and answers each", () =>
    Effect.gen(function*() {
      let most = 0
      let now = 0
      const { url } = yield* serve({
        batch: (_, items) =>
          Effect.sync(() => most = Math.max(most, ++now)).pipe(
            Effect.andThen(Effect.yieldNow),
            Effect.andThen(Effect.sync(() => now--)),
            Effect.as({ accepted: items.count, duplicates: 0, rejected: [] })
          )
      })
      const post = (body: string, headers: string) =>
        `POST ${bulkPath} HTTP/1.1\r\nHost: x\r\nx-api-key: key-all\r\nContent-Type: application/json\r\n${headers}\r\n\r\n${body}`
      const long = `[${Array.from({ length: 100 }, () => JSON.stringify({ x: "\r\n\r\n".repeat(500) })).join(",")}]`
      const requests = Array.from({ length: 60 }, (_, nth) =>
        nth % 20 === 7
          ? post(long, `Content-Length: ${long.length}`)
          : nth % 3 === 0
          ? post("4\r\n[{}]\r\n0\r\n\r\n", "Transfer-Encoding: chunked")
          : post("[{}]", `Content-Length: 4${nth === 59 ? "\r\nConnection: close" : ""}`))
      const all = requests.join("")
      // As one, and cut anywhere.
      for (const size of [all.length, 50_000, 1000, 61]) {
        const parts = Array.from({ length: Math.ceil(all.length / size) }, (_, nth) => all.slice(nth * size, (nth + 1) * size))
        const answer = yield* sendRaw(url, ...parts)
        assert.deepStrictEqual(answer.match(/(?<=HTTP\/1\.1 )\d+/g), requests.map(() => "204"))
      }
      assert.strictEqual(most, 1)
    }), 20_000)

  it.live("begins nothing more for a connection whose answer is not read", () =>
    Effect.gen(function*() {
      let reading = 0
      const { url } = yield* serve({
        read: (_, users) => Effect.sync(() => (reading++, users.map(() => ({ user_id: "x".repeat(20_000_000) })) as never))
      })
      const socket = connectTo(url)
      socket.pause()
      socket.write("GET /api/v1/users/u/counters HTTP/1.1\r\nHost: x\r\nx-api-key: key-all\r\n\r\n".repeat(3000))
      yield* until(() => reading > 0)
      // Others are answered meanwhile.
      for (let nth = 0; nth < 20; nth++) {
        assert.match(yield* sendRaw(url, "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), /^HTTP\/1\.1 200 /)
      }
      assert.strictEqual(reading, 1)
      socket.destroy()
    }))

  it.live("answers a client that has ended its side", () =>
    Effect.gen(function*() {
      const { url } = yield* serve({
        requestTime: 1000,
        batch: (_, items) => Effect.as(Effect.sleep("50 millis"), { accepted: items.count, duplicates: 0, rejected: [] })
      })
      const half = (...parts: ReadonlyArray<string>) =>
        Effect.callback<string>((resume) => {
          const socket = connect({ port: Number(new URL(url).port), host: "127.0.0.1", allowHalfOpen: true })
          let received = ""
          socket.on("data", (chunk) => received += chunk.toString("latin1"))
          socket.on("end", () => socket.end())
          socket.on("close", () => resume(Effect.succeed(received)))
          socket.on("error", () => {})
          for (const part of parts) socket.write(part)
          socket.end()
        })
      assert.match(yield* half("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"), /^HTTP\/1\.1 200 /)
      const post =
        `POST ${bulkPath} HTTP/1.1\r\nHost: x\r\nx-api-key: key-all\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\n`
      const three = yield* half(`${post}[{}]${post}[{`, `}]${post}[{}]`)
      assert.deepStrictEqual(three.match(/(?<=HTTP\/1\.1 )\d+/g), ["204", "204", "204"])
      assert.match(yield* half(`${post}[{`), problem(400, "malformed-request"))
    }))

  it.live("takes a client that has ended its side for gone after a while, and stops its request", () =>
    Effect.gen(function*() {
      let interrupted = 0
      const { url } = yield* serve({
        requestTime: 1000,
        read: (_, users) =>
          (users[0] === "slow" ? Effect.never : Effect.sleep("300 millis")).pipe(
            Effect.as(users.map(document)),
            Effect.onInterrupt(() => Effect.sync(() => interrupted++))
          )
      })
      const get = (user: string) => `GET /api/v1/users/${user}/counters HTTP/1.1\r\nHost: x\r\nx-api-key: key-all\r\n\r\n`
      const gone = connectTo(url)
      gone.write(get("slow"))
      const patient = connect({ port: Number(new URL(url).port), host: "127.0.0.1", allowHalfOpen: true })
      let received = ""
      patient.on("data", (chunk) => received += chunk.toString("latin1"))
      patient.end(get("u"))
      yield* Effect.sleep("100 millis")
      gone.destroy()
      yield* until(() => interrupted === 1 && received.startsWith("HTTP/1.1 200 OK"))
      assert.strictEqual(interrupted, 1)
    }))

  it.live("does not wait for ever for who does not read its answer", () =>
    Effect.gen(function*() {
      const server = makeNodeServer({ requestTime: 1000, connections: 10, keepAlive: 1000, silence: 200 })
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
