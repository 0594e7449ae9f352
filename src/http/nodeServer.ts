import * as Context from "effect/Context"
import * as Schema from "effect/Schema"
import { createServer, type Server, type ServerResponse, STATUS_CODES } from "node:http"
import type { Duplex } from "node:stream"
import { ExpectationFailed, HeadersTooLarge, MalformedRequest, RequestTimeout } from "./problems.ts"

/** Milliseconds a request may take to arrive, its body included. */
export const RequestTime = Context.Reference<number>("playtally/http/RequestTime", { defaultValue: () => 30_000 })

/** How long a client is given to read an answer before its connection is torn down. */
const gracePeriod = 500

/**
 * Node's HTTP server, which answers with problems also what never becomes a request: bytes that are not HTTP, too long a URL or headers, a client that
 * takes too long. Connections are kept longer than load balancers usually keep them, so that it is not here that a connection in use is closed.
 */
export const makeNodeServer = (requestTime: number): Server => {
  const server = createServer({
    maxHeaderSize: 16 * 1024,
    headersTimeout: requestTime,
    requestTimeout: requestTime,
    connectionsCheckingInterval: Math.min(requestTime, 1000),
    keepAliveTimeout: 65_000,
    // Without the header Node would answer an empty 400; `frameworkProblems` answers instead.
    requireHostHeader: false
  })
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    if (!socket.writable || hasBegunAnswer(socket)) {
      socket.destroy()
      return
    }
    const [status, body] = error.code === "HPE_HEADER_OVERFLOW"
      ? headersTooLarge
      : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
      ? requestTimeout
      : malformedRequest
    socket.end(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: application/problem+json\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
    )
    setTimeout(() => socket.destroy(), gracePeriod).unref()
  })
  server.on("checkExpectation", (_, response: ServerResponse) => {
    const [status, body] = expectationFailed
    const headers = { connection: "close", "content-type": "application/problem+json", "content-length": Buffer.byteLength(body) }
    response.writeHead(status, headers).end(body)
  })
  return server
}

// Node keeps the answer under way on a connection in a property it does not document; its own listener looks there, too.
const hasBegunAnswer = (socket: Duplex & { readonly _httpMessage?: ServerResponse | null }): boolean =>
  socket._httpMessage?.headersSent === true

const written = <P extends { readonly status: number }>(schema: Schema.Codec<P, unknown>, problem: P) =>
  [problem.status, JSON.stringify(Schema.encodeSync(schema)(problem))] as const

const headersTooLarge = written(HeadersTooLarge, new HeadersTooLarge({}))
const requestTimeout = written(RequestTimeout, new RequestTimeout({}))
const malformedRequest = written(MalformedRequest, new MalformedRequest({}))
const expectationFailed = written(ExpectationFailed, new ExpectationFailed({}))
