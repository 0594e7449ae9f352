import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { connect, type Socket } from "node:net"
import { SharedListener, type Taker } from "../../../src/http/server/SharedListener.ts"
import { until } from "../../support/time/until.ts"

/** A process that notes the connections that it is handed. */
class NotingTaker implements Taker {
  readonly handed: Array<number> = []
  readonly sockets: Array<Socket> = []
  readonly hand = (id: number, socket: Socket) => {
    this.handed.push(id)
    this.sockets.push(socket)
  }
}

const opened = Effect.acquireRelease(
  SharedListener.open({ host: "127.0.0.1", port: 0 }, 100),
  (listener) => Effect.sync(() => listener.end())
)

/** Opens connections, which close with the scope. */
const connected = (listener: SharedListener, connections: number) =>
  Effect.forEach(Array.from({ length: connections }), () =>
    Effect.acquireRelease(
      Effect.sync(() => {
        const socket = connect(Number(new URL(listener.url).port), "127.0.0.1")
        socket.on("error", () => {})
        return socket
      }),
      (socket) => Effect.sync(() => socket.destroy())
    ))

describe("SharedListener", () => {
  it.live("hands each connection to the process that has the fewest", () =>
    Effect.gen(function*() {
      const listener = yield* opened
      const [one, other] = [new NotingTaker(), new NotingTaker()]
      listener.add(one)
      listener.add(other)
      yield* connected(listener, 10)
      yield* until(() => one.handed.length + other.handed.length === 10)
      assert.deepStrictEqual([one.handed.length, other.handed.length], [5, 5])
      for (const id of one.handed) listener.taken(one, id)
      for (const id of other.handed) listener.taken(other, id)
      listener.closed(other, 4)
      yield* connected(listener, 4)
      yield* until(() => one.handed.length + other.handed.length === 14)
      assert.deepStrictEqual([one.handed.length, other.handed.length], [5, 9])
    }))

  it.live("gives another process what a process that died has not taken, and nothing else of it", () =>
    Effect.gen(function*() {
      const listener = yield* opened
      const [one, other] = [new NotingTaker(), new NotingTaker()]
      listener.add(one)
      const clients = yield* connected(listener, 5)
      let closed = 0
      for (const client of clients) client.resume().on("close", () => closed++)
      yield* until(() => one.handed.length === 5)
      const [taken = -1, ...untaken] = one.handed
      listener.taken(one, taken)
      // The copy of the process that took it is all that was left of it.
      yield* until(() => closed === 1)
      listener.lost(one)
      listener.add(other)
      yield* until(() => other.handed.length === untaken.length)
      assert.deepStrictEqual(other.sockets, one.sockets.slice(1))
      assert.strictEqual(closed, 1)
    }))

  it.live("lets a process leave when it has all that it was handed, and hands out all that came before it closes", () =>
    Effect.gen(function*() {
      const listener = yield* opened
      const [one, other] = [new NotingTaker(), new NotingTaker()]
      listener.add(one)
      listener.add(other)
      yield* connected(listener, 2)
      yield* until(() => one.handed.length === 1)
      const told: Array<string> = []
      listener.leave(one, () => told.push("one"))
      yield* connected(listener, 3)
      yield* until(() => other.handed.length === 4)
      assert.deepStrictEqual(told, [])
      listener.taken(one, one.handed[0] ?? -1)
      assert.deepStrictEqual(told, ["one"])
      yield* connected(listener, 20)
      listener.close(() => listener.leave(other, () => told.push("other")))
      yield* until(() => !listener.isOpen)
      // As many as may be on the way at once, and the others when there is room.
      for (let next = 0; next < other.handed.length; next++) listener.taken(other, other.handed[next] ?? -1)
      assert.deepStrictEqual([one.handed.length, other.handed.length, told], [1, 24, ["one", "other"]])
    }))
})
