import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"
import { TestDatabase } from "./TestDatabase.ts"

/** The network between a service and its database. */
export interface DatabaseProxy {
  /** The test's database by way of the proxy. */
  readonly url: string
  /** Cuts all connections and lets no new one through, until `restore`. */
  readonly cut: Effect.Effect<void>
  /** From now on statements still reach the database, but no answer comes back, until `restore`. */
  readonly loseAnswers: Effect.Effect<void>
  /** Nothing passes the connections there are any more, and nobody is told: as if a router had forgotten them. New ones work. */
  readonly abandon: Effect.Effect<void>
  /** Whether an answer has been lost since. */
  readonly hasLostAnswers: () => boolean
  readonly restore: Effect.Effect<void>
}

/** Puts a proxy before the test's database until the scope closes. */
export const databaseProxy = Effect.gen(function*() {
  const target = new URL(Redacted.value((yield* TestDatabase).url))
  const connections = new Set<Socket>()
  const abandoned = new WeakSet<Socket>()
  let isCut = false
  let answersAreLost = false
  let hasLostAnswers = false

  const server = createServer((client) => {
    if (isCut) {
      client.destroy()
      return
    }
    const database = connect(Number(target.port === "" ? 5432 : target.port), target.hostname)
    for (const [socket, other] of [[client, database], [database, client]] as const) {
      connections.add(socket)
      socket.setNoDelay(true)
      socket.on("data", (chunk) => {
        if (abandoned.has(socket)) return
        if (socket === client || !answersAreLost) other.write(chunk)
        else hasLostAnswers = true
      })
      // The other side hears of it by its own close.
      socket.on("error", () => {})
      socket.on("close", () => {
        connections.delete(socket)
        if (!abandoned.has(socket)) other.destroy()
      })
    }
  })
  const destroyAll = () => {
    for (const socket of connections) socket.destroy()
  }
  yield* Effect.acquireRelease(
    Effect.promise(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))),
    () =>
      Effect.promise(() =>
        new Promise<void>((resolve) => {
          server.close(() => resolve())
          destroyAll()
        })
      )
  )
  const url = new URL(target)
  url.hostname = "127.0.0.1"
  url.port = String((server.address() as AddressInfo).port)
  const proxy: DatabaseProxy = {
    url: url.href,
    cut: Effect.sync(() => {
      isCut = true
      destroyAll()
    }),
    loseAnswers: Effect.sync(() => {
      answersAreLost = true
      hasLostAnswers = false
    }),
    abandon: Effect.sync(() => {
      for (const socket of connections) abandoned.add(socket)
    }),
    hasLostAnswers: () => hasLostAnswers,
    restore: Effect.sync(() => {
      // Connections with a gap in what was said are of no use to anybody.
      if (answersAreLost) destroyAll()
      isCut = false
      answersAreLost = false
    })
  }
  return proxy
})
