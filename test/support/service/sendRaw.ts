import * as Effect from "effect/Effect"
import { connect, type Socket } from "node:net"
import { bulkPath } from "./sender.ts"
import { apiKey } from "./ServiceProcess.ts"

/**
 * Sends a batch on a connection of its own, whose end is the caller's business, and gives the
 * connection once everything has been handed over: the headers, and that share of the body which is
 * to arrive.
 */
export const sendRaw = (url: string, body: string, share = 1): Effect.Effect<Socket> =>
  Effect.callback((resume) => {
    const bytes = Buffer.from(body)
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    socket.on("error", () => {})
    socket.write(
      `POST ${bulkPath} HTTP/1.1\r\nHost: ${hostname}\r\nx-api-key: ${apiKey}\r\nContent-Type: application/json\r\nContent-Length: ${bytes.length}\r\n\r\n`
    )
    socket.write(bytes.subarray(0, Math.floor(bytes.length * share)), () => resume(Effect.succeed(socket)))
  })
