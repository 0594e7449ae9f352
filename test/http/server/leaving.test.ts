import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { ServerResponse } from "node:http"
import { connect } from "node:net"
import type { FairServerOptions } from "../../../src/http/server/FairServer.ts"
import { Settling } from "../../../src/http/server/FairServer.ts"
import { makeNodeServer } from "../../../src/http/server/nodeServer.ts"
import { slowness } from "../../support/time/slowness.ts"
import { until } from "../../support/time/until.ts"
import { serve } from "../serve.ts"

const get = (path: string, ...headers: ReadonlyArray<string>) =>
  `GET ${path} HTTP/1.1\r\n${["Host: x", ...headers].map((header) => `${header}\r\n`).join("")}\r\n`

/** A connection, what came on it so far, and whether the other side has closed it. */
const open = (port: number) => {
  const socket = connect(port, "127.0.0.1")
  const connection = {
    socket,
    received: "",
    ended: false,
    error: undefined as string | undefined,
    answers: () => connection.received.split(/(?=HTTP\/1\.1 )/).filter((answer) => answer !== "")
  }
  socket.on("data", (chunk) => connection.received += chunk.toString("latin1"))
  socket.on("error", (error: NodeJS.ErrnoException) => connection.error = error.code)
  socket.on("end", () => connection.ended = true)
  socket.on("close", () => connection.ended = true)
  return connection
}

/** A server that answers with the path, but to `/later` only when it is told to. */
const listening = (bounds: Partial<FairServerOptions>) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly port: number; readonly later: Array<ServerResponse>; readonly close: () => void }>((resume) => {
      const server = makeNodeServer({ requestTime: 10_000, connections: 100, keepAlive: 60_000, ...bounds })
      // Node adds a second; so does a client that takes the header for what it says.
      Object.assign(server, { keepAliveTimeoutBuffer: 0 })
      const later: Array<ServerResponse> = []
      server.on("request", (request, response: ServerResponse) => {
        if (server.isLeaving) response.setHeader("connection", "close")
        if (request.url === "/later") later.push(response)
        else response.end(request.url)
      })
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        if (address === null || typeof address === "string") throw new Error("It listens on a port")
        resume(Effect.succeed({ port: address.port, later, close: () => void server.close() }))
      })
      return Effect.sync(() => server.closeAllConnections())
    }),
    ({ close, later }) =>
      Effect.sync(() => {
        for (const response of later) response.end()
        close()
      })
  )

/** Blocks the thread for the given milliseconds. */
const block = (milliseconds: number) => {
  const end = performance.now() + milliseconds
  while (performance.now() < end);
}

describe("a kept connection", () => {
  it.live("is told for how long, by default for longer than balancers keep theirs, and closed after that", () =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      const usual = open(Number(new URL(url).port))
      usual.socket.write(get("/healthz"))
      yield* until(() => usual.answers().length === 1)
      assert.match(usual.received, /\r\nkeep-alive: timeout=620\r\n/i)
      usual.socket.destroy()

      const short = open(Number(new URL((yield* serve({ settings: { KEEP_ALIVE_SECONDS: "1" } })).url).port))
      short.socket.write(get("/healthz"))
      yield* until(() => short.answers().length === 1)
      const answered = performance.now()
      assert.match(short.received, /\r\nkeep-alive: timeout=1\r\n/i)
      yield* until(() => short.ended)
      assert.isAbove(performance.now() - answered, 900)
      assert.isBelow(performance.now() - answered, 4000 * slowness())
    }))

  it.live("is not closed on a request that came in time, however late it is read", () =>
    Effect.gen(function*() {
      const { port } = yield* listening({ keepAlive: 150 })
      const connection = open(port)
      connection.socket.write(get("/1"))
      yield* until(() => connection.answers().length === 1)
      // It is in the kernel's hands at once. When the process comes to itself the time is over, and
      // the timer first.
      connection.socket.write(get("/2"))
      block(400)
      yield* until(() => connection.answers().length === 2 || connection.ended)
      assert.match(connection.received, /\/2$/)
      yield* until(() => connection.ended)
      assert.isUndefined(connection.error)
    }))

  it.live("gives way to a new one, the one that has been idle longest first, where nothing is under way on it", () =>
    Effect.gen(function*() {
      const { later, port } = yield* listening({ connections: 3 })
      const [busy, first, second] = [open(port), open(port), open(port)]
      busy.socket.write(get("/later"))
      yield* until(() => later.length === 1)
      for (const one of [first, second]) {
        one.socket.write(get("/idle"))
        yield* until(() => one.answers().length === 1)
      }
      // All have just been used: a new one is refused.
      const tooEarly = open(port)
      yield* until(() => tooEarly.ended)
      assert.isFalse(first.ended)
      yield* Effect.sleep("1100 millis")
      // Half a request has come of the one that has been idle longest.
      first.socket.write("GET /first HTTP/1.1\r\n")
      yield* Effect.sleep("50 millis")
      const late = open(port)
      late.socket.write(get("/late"))
      yield* until(() => late.answers().length === 1)
      yield* until(() => second.ended)
      first.socket.write("Host: x\r\n\r\n")
      yield* until(() => first.answers().length === 2)
      later[0]?.end("busy")
      yield* until(() => busy.answers().length === 1)
      assert.isFalse(busy.ended || first.ended || late.ended)
    }))
})

describe("a service that drains", () => {
  it.live("answers everybody, new connections and kept ones, and asks them to go", () =>
    Effect.gen(function*() {
      const { drain, url } = yield* serve()
      const port = Number(new URL(url).port)
      const kept = open(port)
      kept.socket.write(get("/healthz"))
      yield* until(() => kept.answers().length === 1)
      assert.notMatch(kept.received, /connection: close/i)
      yield* drain
      const fresh = open(port)
      for (const one of [kept, fresh]) one.socket.write(get("/readyz"))
      yield* until(() => kept.answers().length === 2 && fresh.answers().length === 1)
      for (const answer of [kept.answers()[1], fresh.answers()[0]]) assert.match(answer ?? "", /^HTTP\/1\.1 503 .*connection: close/is)
      yield* until(() => kept.ended && fresh.ended)
    }))

  it.live("answers what a client has sent before it read that the connection is to be closed", () =>
    Effect.gen(function*() {
      let isDraining = false
      const { later, port } = yield* listening({ isDraining: () => isDraining })
      const connection = open(port)
      isDraining = true
      connection.socket.write(get("/1") + get("/2") + get("/3"))
      yield* until(() => connection.answers().length === 3)
      connection.socket.write(get("/later"))
      yield* until(() => later.length === 1)
      later[0]?.end("later")
      yield* until(() => connection.answers().length === 4)
      for (const answer of connection.answers()) assert.match(answer, /connection: close/i)
      yield* until(() => connection.ended)
      assert.isUndefined(connection.error)

      const last = open(port)
      last.socket.write(get("/1", "Connection: close"))
      const began = performance.now()
      yield* until(() => last.ended)
      assert.isBelow(performance.now() - began, 400 * slowness())
    }))

  it.live("answers, once its listener has closed, what was on its way then", () =>
    Effect.gen(function*() {
      const { close, port } = yield* listening({})
      const [kept, silent] = [open(port), open(port)]
      kept.socket.write(get("/1"))
      yield* until(() => kept.answers().length === 1 && !silent.socket.connecting)
      // What the kernel has accepted by now, with and without a request.
      const waiting = Array.from({ length: 20 }, () => open(port))
      yield* Effect.promise(() =>
        new Promise<void>((resolve) => {
          for (const { socket } of waiting) {
            socket.once("connect", () => {
              if (waiting.some((other) => other.socket.connecting)) return
              kept.socket.write(get("/2"))
              close()
              resolve()
            })
          }
        })
      )
      for (const { socket } of waiting) socket.write(get("/waited"))
      silent.socket.write(get("/first"))
      const all = [kept, silent, ...waiting]
      yield* until(() => all.every(({ ended }) => ended))
      assert.deepStrictEqual(all.map(({ received }) => /\/\w+$/.exec(received)?.[0]), ["/2", "/first", ...waiting.map(() => "/waited")])
      const refused = open(port)
      yield* until(() => refused.ended)
      assert.strictEqual(refused.error, "ECONNREFUSED")
    }))

  it.live("ends though somebody goes on sending", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const { drain, url } = yield* Scope.provide(serve({ gracePeriod: "300 millis", settling: Settling.defaultValue() }), scope)
      const connection = open(Number(new URL(url).port))
      connection.socket.on("data", () => connection.socket.write(get("/healthz")))
      connection.socket.write(get("/healthz"))
      yield* until(() => connection.answers().length > 10)
      yield* drain
      yield* Scope.close(scope, Exit.void)
      yield* until(() => connection.ended)
    }))
})
