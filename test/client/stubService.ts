import * as Effect from "effect/Effect"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"

/** A request as the stub got it. */
export interface Asked {
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly headers: IncomingMessage["headers"]
  readonly body: string
}

interface Response {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  /** What is waited for before it is answered. */
  readonly after?: Promise<unknown>
}

/** What the stub answers; `gone` ends the connection without an answer. */
export type Reply = "gone" | Response

/** A problem as the service answers it. */
export const problem = (status: number, type: string, more: Readonly<Record<string, unknown>> = {}): Response => ({
  status,
  headers: { "content-type": "application/problem+json", ...[408, 429, 500, 503].includes(status) ? { "retry-after": "0" } : {} },
  body: { type, status, title: `about ${type}`, ...more }
})

/** A server that answers as a test wants it, until the scope closes; its URL. */
export const stubService = (answer: (asked: Asked) => Reply) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const server = createServer((request, response) => void take(request, response, answer))
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
      return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
    }),
    ({ server }) =>
      Effect.promise(() =>
        new Promise<void>((resolve) => {
          server.close(() => resolve())
          server.closeAllConnections()
        })
      )
  ).pipe(Effect.map(({ url }) => url))

/** What does not hold for a request is told to the client, as an answer that is final. */
const replyTo = (answer: () => Reply): Reply => {
  try {
    return answer()
  } catch (cause) {
    return { status: 418, body: String(cause) }
  }
}

const take = async (request: IncomingMessage, response: ServerResponse, answer: (asked: Asked) => Reply) => {
  let body = ""
  for await (const chunk of request) body += String(chunk)
  const reply = replyTo(() => answer({ method: request.method ?? "", path: request.url ?? "", headers: request.headers, body }))
  if (reply === "gone") {
    request.socket.destroy()
    return
  }
  await reply.after
  response.writeHead(reply.status, { "content-type": "application/json", ...reply.headers })
  response.end(reply.body === undefined ? "" : typeof reply.body === "string" ? reply.body : JSON.stringify(reply.body))
}
