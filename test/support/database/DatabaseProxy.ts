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
  /**
   * Nothing passes the connections there are any more, and nobody is told: as if a router had
   * forgotten them. New ones work.
   */
  readonly abandon: Effect.Effect<void>
  /**
   * From now on a session that begins with settings of its own is refused, as PgBouncer does it.
   */
  readonly refuseParameters: Effect.Effect<void>
  /** From now on such settings are dropped, as PgBouncer does it that is told to ignore them. */
  readonly dropParameters: Effect.Effect<void>
  /** Whether an answer has been lost since. */
  readonly hasLostAnswers: () => boolean
  readonly restore: Effect.Effect<void>
}

/** What PgBouncer knows of the packet that a session begins with. */
const taken: ReadonlySet<string> = new Set(["user", "database", "application_name", "client_encoding"])

/** The pairs of such a packet; undefined for a request to cancel or for TLS. */
const pairsOf = (packet: Buffer): ReadonlyArray<readonly [string, string]> | undefined => {
  if (packet.length < 9 || packet.readInt32BE(4) !== 196_608) return undefined
  const texts = packet.toString("utf8", 8, packet.length - 2).split("\0")
  return Array.from({ length: texts.length / 2 }, (_, index) => [texts[2 * index] ?? "", texts[2 * index + 1] ?? ""] as const)
}

const packetOf = (pairs: ReadonlyArray<readonly [string, string]>): Buffer => {
  const body = Buffer.from(`${pairs.flat().map((text) => `${text}\0`).join("")}\0`)
  const head = Buffer.alloc(8)
  head.writeInt32BE(body.length + 8, 0)
  head.writeInt32BE(196_608, 4)
  return Buffer.concat([head, body])
}

const errorOf = (message: string): Buffer => {
  const body = Buffer.from(`SFATAL\0C08P01\0M${message}\0\0`)
  const head = Buffer.alloc(5)
  head.write("E")
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

/** Puts a proxy before the test's database until the scope closes. */
export const databaseProxy = Effect.gen(function*() {
  const target = new URL(Redacted.value((yield* TestDatabase).url))
  const connections = new Set<Socket>()
  const abandoned = new WeakSet<Socket>()
  let isCut = false
  let answersAreLost = false
  let parameters: "pass" | "refuse" | "drop" = "pass"
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
      socket.on("data", (chunk: Buffer) => {
        if (abandoned.has(socket)) return
        const pairs = socket === client && parameters !== "pass" ? pairsOf(chunk) : undefined
        const unknown = pairs?.find(([name]) => !taken.has(name))
        if (pairs !== undefined && unknown !== undefined) {
          if (parameters === "refuse") client.end(errorOf(`unsupported startup parameter: ${unknown[0]}`))
          else database.write(packetOf(pairs.filter(([name]) => taken.has(name))))
        } else if (socket === client || !answersAreLost) other.write(chunk)
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
    refuseParameters: Effect.sync(() => {
      parameters = "refuse"
    }),
    dropParameters: Effect.sync(() => {
      parameters = "drop"
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
