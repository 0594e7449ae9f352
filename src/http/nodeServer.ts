import * as Context from "effect/Context"
import * as Schema from "effect/Schema"
import { type IncomingMessage, Server, type ServerOptions, ServerResponse, STATUS_CODES } from "node:http"
import type { Socket } from "node:net"
import type { Duplex } from "node:stream"
import { sharedTurns } from "../EventLoopTurns.ts"
import { ConnectionTurns } from "./ConnectionTurns.ts"
import { ExpectationFailed, HeadersTooLarge, MalformedRequest, RequestTimeout } from "./problems.ts"

/** Milliseconds a request may take to arrive, its body included. */
export const RequestTime = Context.Reference<number>("playtally/http/RequestTime", { defaultValue: () => 30_000 })

/** How long a client is given to read an answer before its connection is torn down. */
const gracePeriod = 500

/** Milliseconds a connection may stay without a byte either way while a request is under way: longer than any answer is waited for. */
const silenceTime = 120_000

/** Milliseconds, and no more than a request may take to arrive, that a client is answered for after it has ended its side. */
const halfClosedPatience = 5000

/** Bytes of an answer that are written at once: a large answer to one client makes no other wait. */
const pieceSize = 128 * 1024

/** An answer whose body, where it is large, is written in pieces. Between two pieces all other connections get their turn. */
class PatientResponse<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {
  override end(body?: unknown, encoding?: unknown, done?: unknown): this {
    const isLarge = (typeof body === "string" || body instanceof Uint8Array) && body.length > pieceSize
    if (!isLarge) return super.end(body, encoding as BufferEncoding, done as () => void)
    const bytes = typeof body === "string"
      ? Buffer.from(body, typeof encoding === "string" ? encoding as BufferEncoding : "utf8")
      : body
    const callback = typeof encoding === "function" ? encoding : done
    const write = (from: number): void => {
      if (this.destroyed) return
      const to = from + pieceSize
      if (to >= bytes.length) {
        super.end(bytes.subarray(from), callback as () => void)
        return
      }
      const goOn = () => sharedTurns.add(() => write(to))
      if (super.write(bytes.subarray(from, to))) goOn()
      else this.once("drain", goOn)
    }
    write(0)
    return this
  }
}

const cutOff = new Error("The connection ended in the middle of a request")

/**
 * A server whose connections take {@link ConnectionTurns}. When it closes it closes those that have no request under way, among them, unlike Node's
 * own, those that have not sent their first.
 */
class FairServer extends Server {
  private readonly turns = new Map<Socket, ConnectionTurns>()

  constructor(options: ServerOptions<typeof IncomingMessage, typeof PatientResponse>, connections: number, patience: number) {
    super(options)
    // Not documented, and in Node since its beginning: the end of the client's side is not the end of the connection.
    Object.assign(this, { httpAllowHalfOpen: true })
    this.on("connection", (socket: Socket) => {
      // Not `maxConnections`: Deno does not notice that a connection has gone.
      if (this.turns.size >= connections) {
        socket.destroy()
        return
      }
      this.turns.set(socket, new ConnectionTurns(socket, patience, () => this.emit("clientError", cutOff, socket)))
      socket.once("close", () => this.turns.delete(socket))
    })
  }

  /** Listeners hear of a request when it is its turn. */
  override emit(event: string, ...args: ReadonlyArray<unknown>): boolean {
    if (event !== "request" && event !== "checkContinue") return super.emit(event, ...args)
    const [request, response] = args as [IncomingMessage, ServerResponse]
    const turns = this.turns.get(request.socket)
    // The connection has gone.
    if (turns === undefined) return true
    turns.take(request, response, () => super.emit(event, request, response))
    return true
  }

  override close(callback?: (error?: Error) => void): this {
    super.close(callback)
    for (const [socket, { underWay }] of this.turns) if (underWay === 0) socket.destroy()
    return this
  }
}

/**
 * Node's HTTP server, which answers with problems also what never becomes a request: bytes that are not HTTP, too long a URL or headers, a client that
 * takes too long. It is a client's time that is bounded, and how many there may be: beyond `connections` new ones are closed at once. Idle connections
 * are kept longer than load balancers usually keep them, so that it is not here that a connection in use is closed.
 */
export const makeNodeServer = (requestTime: number, connections: number, silence = silenceTime): Server => {
  const server = new FairServer(
    {
      ServerResponse: PatientResponse,
      maxHeaderSize: 16 * 1024,
      headersTimeout: requestTime,
      requestTimeout: requestTime,
      connectionsCheckingInterval: Math.min(requestTime, 1000),
      keepAliveTimeout: 65_000,
      // Without the header Node would answer an empty 400; `frameworkProblems` answers instead.
      requireHostHeader: false
    },
    connections,
    Math.min(halfClosedPatience, requestTime)
  )
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
        "X-Content-Type-Options: nosniff\r\n" +
        `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
    )
    setTimeout(() => socket.destroy(), gracePeriod).unref()
  })
  server.on("checkExpectation", (_, response: ServerResponse) => {
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
