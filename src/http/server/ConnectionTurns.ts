import type { IncomingMessage, ServerResponse } from "node:http"
import type { Socket } from "node:net"
import { sharedTurns } from "../../platform/EventLoopTurns.ts"

/** Bytes that are parsed at once of a body of unknown length, or of headers that do not end. */
const pieceSize = 4096

/**
 * Bytes of a body that a request waits for before it begins, if they have come with its headers.
 *
 * Its handler then finds the body whole. A larger body is read in parts as before.
 */
const longestWhole = 16 * 1024

const headersEnd = "\r\n\r\n"

/** What a connection reports. */
interface Told {
  /** The client ended its side in the middle of a body, and the runtime does not notice it. */
  readonly cutOff: () => void
  /** The last request that was parsed has been answered. */
  readonly idle: () => void
}

/** Deno does not tell its parser that a connection has ended which may be half closed. */
const isDeno = process.versions["deno"] !== undefined

/**
 * Takes the requests of one connection one at a time. A client may send requests without waiting
 * for the answers.
 *
 * Node parses in one step everything that it has read: up to 64 KiB and thousands of requests. It
 * begins each at once. Here the next request is parsed only after the kernel has the answer to the
 * last one. Meanwhile the connection reads only what fills its buffer. So it holds one answer and
 * at most 128 KiB that are not parsed. Between two requests that came together, all other
 * connections get their turn: see `EventLoopTurns`.
 *
 * A client that ends its side after a request still gets the answer, if the answer begins within
 * `halfClosedPatience` milliseconds. The end alone does not tell such a client from one that has
 * gone, whose request must stop.
 */
export class ConnectionTurns {
  /** When the connection opened, in milliseconds of `performance.now()`. */
  readonly opened = performance.now()
  private readonly socket: Socket
  private readonly halfClosedPatience: number
  private readonly told: Told
  private readonly parse: (bytes: Buffer) => void
  private readonly waiting: Array<() => void> = []
  private isReading = true
  private isHeld = false
  /** The newest parsed request. */
  private newest: IncomingMessage | undefined
  /** Bytes of its body that are to come, as far as the request said. */
  private bodyLeft = 0
  /** The current answer. */
  private answer: ServerResponse | undefined
  /** Bytes that have come and stand behind those that are parsed now. */
  private unparsed = 0
  /** Begins the newest request, once its body is parsed, which has come. */
  private beginNewest: (() => void) | undefined

  constructor(socket: Socket, halfClosedPatience: number, told: Told) {
    this.socket = socket
    this.told = told
    this.halfClosedPatience = halfClosedPatience
    // Node resumes a connection when a body is read and when an answer has been written.
    const resume = socket.resume.bind(socket)
    socket.resume = () => this.isReading && !this.isHeld ? resume() : socket
    const [parse] = socket.listeners("data")
    this.parse = parse === undefined ? () => {} : (bytes) => parse.call(socket, bytes)
    if (parse !== undefined) {
      socket.removeListener("data", parse as (bytes: Buffer) => void)
      socket.on("data", (bytes: Buffer) => this.parseOn(bytes))
      // Node lets its parser read from the kernel until another listener reads. Deno does so until
      // it is told to stop.
      const { parser } = socket as Socket & { readonly parser?: { readonly unconsume?: () => void } | null }
      parser?.unconsume?.()
    }
    socket.once("end", () => {
      if (this.answer?.req.complete === true) this.waitFor(this.answer)
      else if (isDeno && this.isInBody()) told.cutOff()
    })
    socket.once("close", () => this.waiting.length = 0)
  }

  /** Requests that are parsed and not answered. */
  get underWay(): number {
    return this.waiting.length + (this.answer === undefined ? 0 : 1)
  }

  /** The request that gets the current answer. */
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

  /** Begins a parsed request once those before it are answered. */
  take(request: IncomingMessage, response: ServerResponse, begin: () => void): void {
    this.newest = request
    this.bodyLeft = Number(request.headers["content-length"] ?? 0)
    if (this.answer !== undefined) {
      this.waiting.push(() => {
        this.enter(response)
        begin()
      })
      this.stopReading()
      return
    }
    this.enter(response)
    if (this.bodyLeft > 0 && this.bodyLeft <= Math.min(this.unparsed, longestWhole)) this.beginNewest = begin
    else begin()
  }

  private enter(response: ServerResponse): void {
    this.answer = response
    response.once("close", () => this.leave())
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
   * Parses what was read, up to the first request that must wait.
   *
   * The rest is read again when its turn comes.
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
      this.unparsed = rest.length - size
      const begin = this.beginNewest
      this.parse(this.unparsed === 0 ? rest : rest.subarray(0, size))
      if (begin !== undefined) {
        this.beginNewest = undefined
        begin()
      }
      rest = rest.subarray(size)
    }
    this.unparsed = 0
  }

  /** Whether a whole request is not answered yet, so that nothing after it is parsed. */
  private isFull(): boolean {
    return this.waiting.length > 0 || (this.answer !== undefined && !this.isInBody())
  }

  private isInBody(): boolean {
    return this.newest !== undefined && !this.newest.complete
  }

  /**
   * The number of bytes that end with the next request at the latest, where that is known without
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
