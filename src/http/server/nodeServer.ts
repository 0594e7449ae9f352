import * as Context from "effect/Context"
import * as Schema from "effect/Schema"
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http"
import type { Duplex } from "node:stream"
import type { SupervisorLink } from "../../processes/SupervisorLink.ts"
import { ExpectationFailed, HeadersTooLarge, MalformedRequest, RequestTimeout } from "../problems/requests.ts"
import { FairServer, type FairServerOptions } from "./FairServer.ts"
import { HandedServer } from "./HandedServer.ts"
import { PatientResponse } from "./PatientResponse.ts"

/** Milliseconds in which a request must arrive, with its body. */
export const RequestTime = Context.Reference<number>("playtally/http/RequestTime", { defaultValue: () => 30_000 })

/** Milliseconds that a client has to read a problem before its connection is closed. */
const gracePeriod = 500

/**
 * Milliseconds that a connection may be silent both ways while a request is in progress.
 *
 * No answer takes as long.
 */
const silenceTime = 120_000

/**
 * Node's HTTP server, with bounds, and with problems as the answer to bytes that never become a
 * request.
 *
 * Those are bytes that are not HTTP, a URL or headers that are too long, and a client that is too
 * slow. Bounds hold for the time of a client and for the number of clients. Beyond `connections`, a
 * new connection takes the place of the one that has been idle longest, or is closed at once.
 * `keepAlive` should be longer than a load balancer keeps a connection. Otherwise the service
 * closes connections that are in use. With a `supervisor`, the connections come from it.
 */
export const makeNodeServer = (bounds: FairServerOptions, supervisor?: SupervisorLink): FairServer => {
  const { keepAlive, requestTime } = bounds
  const options: ConstructorParameters<typeof FairServer>[0] = {
    ServerResponse: PatientResponse,
    maxHeaderSize: 16 * 1024,
    headersTimeout: requestTime,
    requestTimeout: requestTime,
    connectionsCheckingInterval: Math.min(requestTime, 1000),
    keepAliveTimeout: keepAlive,
    // Node would answer a request without the header by an empty 400; `frameworkProblems` answers
    // instead.
    requireHostHeader: false
  }
  const server = supervisor === undefined ? new FairServer(options, bounds) : new HandedServer(supervisor, options, bounds)
  // The server does not wait for a client that does not read its answer.
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
 * The bytes at fault are behind that request, which may have been stored. Node keeps the current
 * answer of a connection in an undocumented property. Its own listener reads it too.
 */
const isAnswering = ({ _httpMessage: answer }: Duplex & { readonly _httpMessage?: ServerResponse | null }): boolean =>
  answer?.headersSent === true || answer?.req.complete === true

const written = <P extends { readonly status: number }>(schema: Schema.Codec<P, unknown>, problem: P) =>
  [problem.status, JSON.stringify(Schema.encodeSync(schema)(problem))] as const

const headersTooLarge = written(HeadersTooLarge, new HeadersTooLarge({}))
const requestTimeout = written(RequestTimeout, new RequestTimeout({}))
const malformedRequest = written(MalformedRequest, new MalformedRequest({}))
const expectationFailed = written(ExpectationFailed, new ExpectationFailed({}))
