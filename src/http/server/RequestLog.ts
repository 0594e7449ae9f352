import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { IncomingMessage, ServerResponse } from "node:http"
import type { Duplex } from "node:stream"
import { Settings } from "../../platform/Settings.ts"
import type { Principal } from "../../tenants/ApiKeys.ts"
import { pathOf } from "../../values/pathOf.ts"

/**
 * What a line says about a request, besides the date.
 *
 * It has no query, because a client may put a key there. It has no body, and no header except the
 * length.
 */
export interface RequestLine {
  /** The names of the tenant and the key; absent for a request without a valid key. */
  readonly tenant?: string
  readonly key?: string
  /** Absent if the bytes were no request. */
  readonly method?: string
  readonly path?: string
  /** 499 if the client went before it was answered. */
  readonly status: number
  /** Milliseconds from the end of the headers to the end of the answer. */
  readonly duration_ms: number
  /** Bytes of the body, as the request said. */
  readonly request_bytes?: number
  /** Bytes of the answer, with the headers. */
  readonly answer_bytes: number
  readonly address: string
}

const clientGone = 499

/** Characters of a path that are logged. */
const longestPath = 1000

/**
 * The path of a URL, printable.
 *
 * Node takes the bytes of a URL for characters, and some characters command a terminal.
 */
const printablePath = (url: string): string => {
  const path = pathOf(url).replaceAll(
    /[^\x21-\x7e]/g,
    (character) => `%${character.charCodeAt(0).toString(16).padStart(2, "0")}`
  )
  return path.length > longestPath ? `${path.slice(0, longestPath)}…` : path
}

const addressOf = (socket: Duplex): string => "remoteAddress" in socket ? String(socket.remoteAddress) : ""

/** A request in progress. */
interface Begun {
  readonly request: IncomingMessage
  readonly arrived: number
  writtenBefore: number
  /** The status of an answer that was written past the response. */
  status?: number
  principal?: Principal
}

/**
 * Follows the requests of a server, and writes a line for each when its answer has ended or its
 * client has gone.
 */
export class RequestLines {
  private readonly write: (line: RequestLine) => void
  private readonly begun = new WeakMap<IncomingMessage, Begun>()
  private readonly answering = new WeakMap<Duplex, Begun>()

  constructor(write: (line: RequestLine) => void) {
    this.write = write
  }

  /** Notes that a request was parsed. */
  arrive(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request
    const begun: Begun = { request, arrived: performance.now(), writtenBefore: socket.bytesWritten }
    this.begun.set(request, begun)
    response.once("close", () => {
      this.answering.delete(socket)
      const { headers, method = "", url = "" } = request
      const { principal, status } = begun
      const length = headers["content-length"]
      this.write({
        ...principal === undefined ? {} : { tenant: principal.tenant.name, key: principal.keyName },
        method,
        path: printablePath(url),
        status: status ?? (response.headersSent ? response.statusCode : clientGone),
        duration_ms: Math.round((performance.now() - begun.arrived) * 100) / 100,
        ...length === undefined ? {} : { request_bytes: Number(length) },
        answer_bytes: socket.bytesWritten - begun.writtenBefore,
        address: addressOf(socket)
      })
    })
  }

  /**
   * Notes that it is the turn of a request. What is written on its connection from now on is its
   * answer.
   */
  begin(request: IncomingMessage): void {
    const begun = this.begun.get(request)
    if (begun === undefined) return
    begun.writtenBefore = request.socket.bytesWritten
    this.answering.set(request.socket, begun)
  }

  /** Notes whose request it is. */
  isOf(request: IncomingMessage, principal: Principal): void {
    const begun = this.begun.get(request)
    if (begun !== undefined) begun.principal = principal
  }

  /** Notes the status that answered bytes that are no request, or the rest of a request. */
  refuse(socket: Duplex, status: number, bytes: number): void {
    const begun = this.answering.get(socket)
    if (begun !== undefined) begun.status = status
    else this.write({ status, duration_ms: 0, answer_bytes: bytes, address: addressOf(socket) })
  }
}

/** Writes a line for each request if `REQUEST_LOG` is set. */
export class RequestLog extends Context.Service<RequestLog, {
  /** Undefined without `REQUEST_LOG`. */
  readonly lines: RequestLines | undefined
}>()("playtally/http/RequestLog") {
  static readonly layer = Layer.effect(
    RequestLog,
    Effect.gen(function*() {
      const { requestLog } = yield* Settings
      if (!requestLog) return RequestLog.of({ lines: undefined })
      const run = Effect.runForkWith(yield* Effect.context())
      const line = Effect.logInfo("Request")
      return RequestLog.of({ lines: new RequestLines((about) => void run(Effect.annotateLogs(line, { ...about }))) })
    })
  )
}
