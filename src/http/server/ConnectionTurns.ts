import type { IncomingMessage, ServerResponse } from "node:http"
import type { Socket } from "node:net"
import { sharedTurns } from "../../platform/EventLoopTurns.ts"

/** What of a body of unknown length, or of headers that do not end, is parsed at once, in bytes. */
const pieceSize = 4096

const headersEnd = "\r\n\r\n"

/** What a connection tells about itself. */
interface Told {
  /** The client ended its side in the middle of a body, where the runtime does not notice it. */
  readonly cutOff: () => void
  /** The last request that was parsed has been answered. */
  readonly idle: () => void
}

/** Deno does not tell the parser of the end of a connection that may be half-closed. */
const isDeno = process.versions["deno"] !== undefined

/**
 * Takes the requests of one connection one at a time. A client may send its requests without
 * waiting for the answers.
 *
 * Node parses all that it has read, up to 64 KiB and thousands of requests, in one step, and begins
 * each of them. Here the next request is not parsed before the answer to the last one has been
 * handed to the kernel. Meanwhile no more is read than fills the buffer of the connection, so it
 * holds one answer and at most 128 KiB that are not parsed. Between two requests that were sent
 * together all other connections get their turn: see `EventLoopTurns`.
 *
 * A client that ends its side after a request still gets the answer, if that begins within
 * `halfClosedPatience` milliseconds. From its end alone one cannot tell it from a client that has
 * gone, whose request is to stop.
 */
export class ConnectionTurns {
  /** When it was, in milliseconds. */
  readonly opened = performance.now()
  private readonly socket: Socket
  private readonly halfClosedPatience: number
  private readonly told: Told
  private readonly parse: (bytes: Buffer) => void
  private readonly waiting: Array<() => void> = []
  private isReading = true
  private isHeld = false
  /** The newest request that was parsed, and how much of its body is to come, as far as it said. */
  private newest: IncomingMessage | undefined
  private bodyLeft = 0
  /** The answer that is under way. */
  private answer: ServerResponse | undefined

  constructor(socket: Socket, halfClosedPatience: number, told: Told) {
    this.socket = socket
    this.told = told
    this.halfClosedPatience = halfClosedPatience
    // Node resumes a connection whenever somebody reads a body, or an answer has been written.
    const resume = socket.resume.bind(socket)
    socket.resume = () => this.isReading && !this.isHeld ? resume() : socket
    const [parse] = socket.listeners("data")
    this.parse = parse === undefined ? () => {} : (bytes) => parse.call(socket, bytes)
    if (parse !== undefined) {
      socket.removeListener("data", parse as (bytes: Buffer) => void)
      socket.on("data", (bytes: Buffer) => this.parseOn(bytes))
      // Node lets its parser read from the kernel by itself until somebody listens. Deno lets it
      // until it is told.
      const { parser } = socket as Socket & { readonly parser?: { readonly unconsume?: () => void } | null }
      parser?.unconsume?.()
    }
    socket.once("end", () => {
      if (this.answer?.req.complete === true) this.waitFor(this.answer)
      else if (isDeno && this.isInBody()) told.cutOff()
    })
    socket.once("close", () => this.waiting.length = 0)
  }

  /** Requests that were parsed and are not answered. */
  get underWay(): number {
    return this.waiting.length + (this.answer === undefined ? 0 : 1)
  }

  /** The request that is being answered. */
  get answering(): IncomingMessage | undefined {
    return this.answer?.req
  }

  /** Reads nothing until {@link release}. */
  hold(): void {
    this.isHeld = true
    this.socket.pause()
  }

  release(): void {
    this.isHeld = false
    if (this.isReading) this.socket.resume()
  }

  /** Begins a request that was parsed when those before it are answered. */
  take(request: IncomingMessage, response: ServerResponse, begin: () => void): void {
    this.newest = request
    this.bodyLeft = Number(request.headers["content-length"] ?? 0)
    const enter = () => {
      this.answer = response
      response.once("close", () => this.leave())
      begin()
    }
    if (this.answer === undefined) enter()
    else {
      this.waiting.push(enter)
      this.stopReading()
    }
  }

  private leave(): void {
    this.answer = undefined
    if (this.waiting.length === 0) this.told.idle()
    if (!this.isReading && !this.socket.destroyed) sharedTurns.add(() => this.next())
  }

  private next(): void {
    if (this.socket.destroyed || this.answer !== undefined) return
    this.waiting.shift()?.()
    if (this.waiting.length > 0) return
    this.isReading = true
    this.socket.resume()
  }

  /**
   * Parses what was read, up to the first request that has to wait; the rest is read again when it
   * is its turn.
   */
  private parseOn(bytes: Buffer): void {
    let rest = bytes
    while (rest.length > 0 && !this.socket.destroyed) {
      if (this.isFull()) {
        this.stopReading()
        this.socket.unshift(rest)
        return
      }
      const size = this.nextPiece(rest)
      if (this.isInBody()) this.bodyLeft -= size
      this.parse(rest.subarray(0, size))
      rest = rest.subarray(size)
    }
  }

  /** Whether what comes next is behind a whole request that is not answered. */
  private isFull(): boolean {
    return this.waiting.length > 0 || (this.answer !== undefined && !this.isInBody())
  }

  private isInBody(): boolean {
    return this.newest !== undefined && !this.newest.complete
  }

  /**
   * As many bytes as end with the next request at the latest, where that can be known without
   * parsing.
   */
  private nextPiece(rest: Buffer): number {
    if (this.isInBody()) return Math.min(rest.length, this.bodyLeft > 0 ? this.bodyLeft : pieceSize)
    const end = rest.indexOf(headersEnd)
    return Math.min(rest.length, pieceSize, end === -1 ? rest.length : end + headersEnd.length)
  }

  private stopReading(): void {
    this.isReading = false
    this.socket.pause()
  }

  private waitFor(answer: ServerResponse): void {
    const timer = setTimeout(() => {
      if (this.answer === answer && !answer.headersSent) this.socket.destroy()
    }, this.halfClosedPatience)
    timer.unref()
    answer.once("close", () => clearTimeout(timer))
  }
}
