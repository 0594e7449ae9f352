import * as Context from "effect/Context"
import * as Schema from "effect/Schema"
import { type IncomingMessage, Server, type ServerOptions, type ServerResponse, STATUS_CODES } from "node:http"
import type { Socket } from "node:net"
import type { Duplex } from "node:stream"
import { ExpectationFailed, HeadersTooLarge, MalformedRequest, RequestTimeout } from "./problems.ts"

/** Milliseconds a request may take to arrive, its body included. */
export const RequestTime = Context.Reference<number>("playtally/http/RequestTime", { defaultValue: () => 30_000 })

/** How long a client is given to read an answer before its connection is torn down. */
const gracePeriod = 500

/** Milliseconds a connection may stay without a byte either way while a request is under way: longer than any answer is waited for. */
const silenceTime = 120_000

/** Requests of one connection that may be under way at once, sent one after the other without waiting for answers. Beyond them it gets no more. */
export const maxPipelined = 128

/**
 * A server that knows how many requests each of its connections has under way. When it closes it closes those that have none, among them, unlike Node's
 * own, those that have not sent their first.
 */
class CountingServer extends Server {
  private readonly underWay = new Map<Socket, number>()

  constructor(options: ServerOptions, connections: number) {
    super(options)
    this.on("connection", (socket: Socket) => {
      // Not `maxConnections`: Deno does not notice that a connection has gone.
      if (this.underWay.size >= connections) {
        socket.destroy()
        return
      }
      this.underWay.set(socket, 0)
      socket.once("close", () => this.underWay.delete(socket))
    })
    const count = ({ socket }: IncomingMessage, response: ServerResponse) => {
      const requests = this.change(socket, 1)
      response.once("close", () => this.change(socket, -1))
      // It was told that there is no more to come, and goes on all the same.
      if (requests > 2 * maxPipelined) socket.destroy()
    }
    this.on("request", count)
    this.on("checkContinue", count)
  }

  override close(callback?: (error?: Error) => void): this {
    super.close(callback)
    for (const [socket, requests] of this.underWay) if (requests === 0) socket.destroy()
    return this
  }

  /** Requests of a connection that are under way, those whose answer waits for the answers before it among them. */
  requestsOn(socket: Socket): number {
    return this.underWay.get(socket) ?? 0
  }

  private change(socket: Socket, by: number): number {
    const before = this.underWay.get(socket)
    if (before === undefined) return 0
    this.underWay.set(socket, before + by)
    return before + by
  }
}

/**
 * Node's HTTP server, which answers with problems also what never becomes a request: bytes that are not HTTP, too long a URL or headers, a client that
 * takes too long. It is a client's time that is bounded, and how many there may be: beyond `connections` new ones are closed at once. Idle connections
 * are kept longer than load balancers usually keep them, so that it is not here that a connection in use is closed.
 */
export const makeNodeServer = (requestTime: number, connections: number, silence = silenceTime): CountingServer => {
  const server = new CountingServer({
    maxHeaderSize: 16 * 1024,
    headersTimeout: requestTime,
    requestTimeout: requestTime,
    connectionsCheckingInterval: Math.min(requestTime, 1000),
    keepAliveTimeout: 65_000,
    // Without the header Node would answer an empty 400; `frameworkProblems` answers instead.
    requireHostHeader: false
  }, connections)
  // Whoever does not read its answer is not waited for either.
  server.timeout = silence
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

/**
 * Whether what is written now would be taken for the answer to a request that has come whole: what is wrong is behind it, and it may have been stored.
 * Node keeps the answer under way on a connection in a property it does not document; its own listener looks there, too.
 */
const isAnswering = ({ _httpMessage: answer }: Duplex & { readonly _httpMessage?: ServerResponse | null }): boolean =>
  answer?.headersSent === true || answer?.req.complete === true

const written = <P extends { readonly status: number }>(schema: Schema.Codec<P, unknown>, problem: P) =>
  [problem.status, JSON.stringify(Schema.encodeSync(schema)(problem))] as const

const headersTooLarge = written(HeadersTooLarge, new HeadersTooLarge({}))
const requestTimeout = written(RequestTimeout, new RequestTimeout({}))
const malformedRequest = written(MalformedRequest, new MalformedRequest({}))
const expectationFailed = written(ExpectationFailed, new ExpectationFailed({}))
