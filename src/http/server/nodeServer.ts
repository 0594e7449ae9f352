import * as Context from "effect/Context"
import * as Schema from "effect/Schema"
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http"
import type { Duplex } from "node:stream"
import { ExpectationFailed, HeadersTooLarge, MalformedRequest, RequestTimeout } from "../problems/requests.ts"
import { FairServer, type FairServerOptions } from "./FairServer.ts"
import { PatientResponse } from "./PatientResponse.ts"

/** Milliseconds a request may take to arrive, its body included. */
export const RequestTime = Context.Reference<number>("playtally/http/RequestTime", { defaultValue: () => 30_000 })

/** Milliseconds that a client has to read a problem before its connection is closed. */
const gracePeriod = 500

/**
 * Milliseconds that a connection may be silent both ways while a request is under way: longer than
 * any answer takes.
 */
const silenceTime = 120_000

/**
 * Node's HTTP server, with bounds and with problems for what never becomes a request.
 *
 * Such are bytes that are not HTTP, too long a URL or headers, and a client that takes too long.
 * Bounds hold for a client's time and for the number of clients: beyond `connections` a new one
 * takes the place of the one that has been idle longest, or is closed at once. `keepAlive` should
 * be longer than load balancers keep a connection: else the service closes one that is in use.
 */
export const makeNodeServer = (bounds: FairServerOptions): FairServer => {
  const { keepAlive, requestTime } = bounds
  const server = new FairServer(
    {
      ServerResponse: PatientResponse,
      maxHeaderSize: 16 * 1024,
      headersTimeout: requestTime,
      requestTimeout: requestTime,
      connectionsCheckingInterval: Math.min(requestTime, 1000),
      keepAliveTimeout: keepAlive,
      // Without the header Node would answer an empty 400; `frameworkProblems` answers instead.
      requireHostHeader: false
    },
    bounds
  )
  // A client that does not read its answer is not waited for either.
  server.timeout = bounds.silence ?? silenceTime
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    if (!socket.writable || isAnswering(socket)) {
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
        "X-Content-Type-Options: nosniff\r\n" +
        `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
    )
    bounds.log?.refuse(socket, status, Buffer.byteLength(body))
    setTimeout(() => socket.destroy(), gracePeriod).unref()
  })
  server.on("checkExpectation", (request: IncomingMessage, response: ServerResponse) => {
    bounds.log?.arrive(request, response)
    const [status, body] = expectationFailed
    response.writeHead(status, {
      connection: "close",
      "content-type": "application/problem+json",
      "x-content-type-options": "nosniff",
      "content-length": Buffer.byteLength(body)
    }).end(body)
  })
  return server
}

/**
 * Whether the client would take what is written now for the answer to a request that came whole.
 *
 * What is wrong is behind that request, which may have been stored. Node keeps the answer under way
 * of a connection in a property that it does not document. Its own listener reads it too.
 */
const isAnswering = ({ _httpMessage: answer }: Duplex & { readonly _httpMessage?: ServerResponse | null }): boolean =>
  answer?.headersSent === true || answer?.req.complete === true

const written = <P extends { readonly status: number }>(schema: Schema.Codec<P, unknown>, problem: P) =>
  [problem.status, JSON.stringify(Schema.encodeSync(schema)(problem))] as const

const headersTooLarge = written(HeadersTooLarge, new HeadersTooLarge({}))
const requestTimeout = written(RequestTimeout, new RequestTimeout({}))
const malformedRequest = written(MalformedRequest, new MalformedRequest({}))
const expectationFailed = written(ExpectationFailed, new ExpectationFailed({}))
