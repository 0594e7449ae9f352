import * as Effect from "effect/Effect"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"

/**
 * A name that leads to one database server or another, as DNS does: those who are connected stay
 * where they are.
 */
export interface ServerName {
  /** The URL of the server that the name leads to, by way of the name. */
  readonly url: string
  readonly lead: (url: string) => void
}

/**
 * A name for the server at a URL, until the scope closes. All servers have the same user, password
 * and database.
 */
export const serverName = Effect.fnUntraced(function*(first: string) {
  let port = Number(new URL(first).port)
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const database = connect(port, "127.0.0.1")
    for (const [socket, other] of [[client, database], [database, client]] as const) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on("data", (chunk) => other.write(chunk))
      // The other side hears of it by its own close.
      socket.on("error", () => {})
      socket.on("close", () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
  })
  yield* Effect.acquireRelease(
    Effect.promise(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))),
    () =>
      Effect.promise(() =>
        new Promise<void>((resolve) => {
          server.close(() => resolve())
          for (const socket of sockets) socket.destroy()
        })
      )
  )
  const url = new URL(first)
  url.port = String((server.address() as AddressInfo).port)
  return {
    url: url.href,
    lead: (to) => {
      port = Number(new URL(to).port)
    }
  } satisfies ServerName
})
