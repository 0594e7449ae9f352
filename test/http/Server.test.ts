import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { connect, type Socket } from "node:net"
import { slowness } from "../support/time/slowness.ts"
import { bulkPath, postBulk, serve, type Stubs } from "./serve.ts"

/** A batch that is stored when it is told to, and what it says on the way. */
const slowBatch = Effect.gen(function*() {
  const began = yield* Deferred.make<void>()
  const end = yield* Deferred.make<void>()
  const batch: Stubs["batch"] = () =>
    Effect.andThen(Deferred.succeed(began, undefined), Deferred.await(end)).pipe(
      Effect.as({ accepted: 1, duplicates: 0, rejected: [] })
    )
  return { began: Deferred.await(began), batch, end: Deferred.succeed(end, undefined) }
})

const serveIn = (scope: Scope.Scope, stubs: Stubs) => Scope.provide(serve(stubs), scope)

/** Closes the scope of a server that would wait for a minute. */
const stopsAtOnce = Effect.fnUntraced(function*(scope: Scope.Closeable) {
  const began = performance.now()
  yield* Scope.close(scope, Exit.void)
  // A connection may send its first request for a second.
  assert.isBelow(performance.now() - began, 3000 * slowness())
})

const open = (url: string, text: string) => {
  const socket = connect(Number(new URL(url).port), "127.0.0.1")
  socket.write(text)
  socket.on("error", () => {})
  return socket
}

const read = (socket: Socket) =>
  Effect.promise(() =>
    new Promise<string>((resolve) => {
      let received = ""
      socket.on("data", (chunk) => received += chunk.toString("latin1"))
      socket.on("close", () => resolve(received))
    })
  )

const refused = (url: string) =>
  Effect.promise(() =>
    new Promise<boolean>((resolve) => {
      const socket = connect(Number(new URL(url).port), "127.0.0.1")
      socket.on("connect", () => {
        socket.destroy()
        resolve(false)
      })
      socket.on("error", () => resolve(true))
    })
  )

const bulk = `POST ${bulkPath} HTTP/1.1\r\nHost: x\r\nx-api-key: key-all\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\n`

describe("Server, when it stops", () => {
  it.live("takes nobody on any more, answers what is under way, and closes its connection", () =>
    Effect.gen(function*() {
      const { batch, began, end } = yield* slowBatch
      const scope = yield* Scope.make()
      const { url } = yield* serveIn(scope, { batch })
      const underWay = open(url, `${bulk}[{}]`)
      const answer = yield* Effect.forkChild(read(underWay))
      yield* began
      const stopping = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* Effect.repeat(refused(url), { until: (is) => is })
      assert.isUndefined(stopping.pollUnsafe())
      yield* end
      assert.match(yield* Fiber.join(answer), /^HTTP\/1\.1 204 .*connection: close/s)
      yield* Fiber.join(stopping)
    }))

  it.live("waits for no idle connection", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const { url } = yield* serveIn(scope, { gracePeriod: "60 seconds" })
      // fetch keeps its connection.
      assert.strictEqual((yield* postBulk(url, "[]")).status, 204)
      yield* stopsAtOnce(scope)
      assert.isTrue(yield* refused(url))
    }))

  it.live(
    "waits for no connection that has no request under way: not a byte yet, half the headers, an answered request",
    () =>
      Effect.gen(function*() {
        const scope = yield* Scope.make()
        const { url } = yield* serveIn(scope, { gracePeriod: "60 seconds" })
        const get = "GET /healthz HTTP/1.1\r\nHost: x\r\n"
        const sockets = [open(url, ""), open(url, get), open(url, `${get}\r\n${get}`)]
        const connected = sockets.map((socket) => new Promise((resolve) => socket.once("connect", resolve)))
        const answered = new Promise((resolve) => sockets[2]?.once("data", resolve))
        yield* Effect.promise(() => Promise.all([...connected, answered]))
        yield* stopsAtOnce(scope)
      })
  )

  it.live("waits for nobody who does not finish, but for batches that were taken on", () =>
    Effect.gen(function*() {
      const { batch, began, end } = yield* slowBatch
      const scope = yield* Scope.make()
      const { url } = yield* serveIn(scope, { batch, gracePeriod: "50 millis" })
      const silent = open(url, "")
      const half = open(url, `${bulk}[`)
      const underWay = open(url, `${bulk}[{}]`)
      const answer = yield* Effect.forkChild(read(underWay))
      yield* began
      const stopping = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      const silence = yield* Effect.forkChild(read(silent))
      yield* read(half)
      assert.isUndefined(stopping.pollUnsafe())
      yield* end
      yield* Fiber.join(stopping)
      assert.match(yield* Fiber.join(answer), /^HTTP\/1\.1 204 /)
      assert.strictEqual(yield* Fiber.join(silence), "")
    }))

  it.live("tells who waits for something else to come again", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const began = yield* Deferred.make<void>()
      const { url } = yield* serveIn(scope, {
        read: () => Effect.andThen(Deferred.succeed(began, undefined), Effect.never),
        gracePeriod: "50 millis"
      })
      const answer = yield* Effect.forkChild(
        read(open(url, "GET /api/v1/users/u/counters HTTP/1.1\r\nHost: x\r\nx-api-key: key-all\r\n\r\n"))
      )
      yield* Deferred.await(began)
      yield* Scope.close(scope, Exit.void)
      assert.match(yield* Fiber.join(answer), /^HTTP\/1\.1 503 .*retry-after: 1.*"type":"shutting-down"/is)
    }))
})
