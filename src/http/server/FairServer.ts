import * as Context from "effect/Context"
import { type IncomingMessage, Server, type ServerOptions, type ServerResponse } from "node:http"
import type { Socket } from "node:net"
import { ConnectionTurns } from "./ConnectionTurns.ts"
import type { PatientResponse } from "./PatientResponse.ts"
import type { RequestLines } from "./RequestLog.ts"
import { waitingConnections } from "./waitingConnections.ts"
import { whenNoneWaits } from "./whenNoneWaits.ts"

/**
 * Milliseconds in which an answer must begin for a client that has ended its side.
 *
 * It is less if a request must arrive sooner.
 */
const halfClosedPatience = 5000

const cutOff = new Error("The connection ended in the middle of a request")

/**
 * Milliseconds that a connection stays open after an answer with `Connection: close`.
 *
 * The client may have sent its next request before it read that answer.
 */
const linger = 500

/**
 * Milliseconds that a connection stays open after the listener has closed.
 *
 * `answered` counts from its last answer: the next request may be on its way. `opened` counts from
 * its opening: the first request may be on its way.
 */
export const Settling = Context.Reference("playtally/http/Settling", { defaultValue: () => ({ answered: 250, opened: 1000 }) })

/**
 * Milliseconds between two checks of the connections that are left after the listener has closed.
 */
const sweepInterval = 20

/**
 * Milliseconds that a connection must be idle to give way to a new one.
 *
 * A busy client uses its connection again sooner.
 */
const leastIdle = 1000

/** The options of a server. Times are in milliseconds. */
export interface FairServerOptions {
  /** The time in which a request must arrive, with its body. */
  readonly requestTime: number
  /** The most open connections. */
  readonly connections: number
  /**
   * The time that a connection stays open after an answer without another request.
   *
   * The header `Keep-Alive` tells it to clients.
   */
  readonly keepAlive: number
  /** The time that a connection may be silent both ways while a request is in progress. */
  readonly silence?: number
  /** {@link Settling}, unless given. */
  readonly settling?: { readonly answered: number; readonly opened: number } | undefined
  /** Follows every request, if given. */
  readonly log?: RequestLines | undefined
  /**
   * Whether the process is about to stop, so that answers carry `Connection: close`. Never, unless
   * given.
   */
  readonly isDraining?: () => boolean
  /**
   * Answers a request at once, and tells whether it did. The listeners of the server get the
   * others, and all while the server leaves. None, unless given.
   */
  readonly answerAtOnce?: (request: IncomingMessage, response: ServerResponse) => boolean
}

/** Since when a connection is idle, and how many bytes had been read by then. */
interface Idle {
  readonly since: number
  readonly bytesRead: number
}

/**
 * A server whose connections take {@link ConnectionTurns}.
 *
 * It closes an idle connection only if no byte has come since it became idle. It does so after
 * `keepAlive`, when a new connection needs the place, and when the server stops. A leaving server
 * leaves it to the client to close a connection after `Connection: close`, for {@link linger}
 * milliseconds. It also answers a request that comes behind that answer.
 */
export class FairServer extends Server {
  private readonly turns = new Map<Socket, ConnectionTurns>()
  /** The idle connections, the one that has been idle longest first. */
  private readonly idle = new Map<Socket, Idle>()
  private readonly isDraining: () => boolean
  private readonly settling: { readonly answered: number; readonly opened: number }
  private readonly log: RequestLines | undefined
  private readonly answerAtOnce: (request: IncomingMessage, response: ServerResponse) => boolean
  /**
   * Requests that came before there was a listener for them. A server listens before the routes of
   * its application are made, and would never answer these.
   */
  private readonly unheard: Array<() => void> = []
  private accepted = 0
  private isClosing = false
  private isHolding = false

  constructor(
    options: ServerOptions<typeof IncomingMessage, typeof PatientResponse>,
    { answerAtOnce, connections, isDraining, log, requestTime, settling }: FairServerOptions
  ) {
    super(options)
    this.settling = settling ?? Settling.defaultValue()
    this.isDraining = isDraining ?? (() => false)
    this.log = log
    this.answerAtOnce = answerAtOnce ?? (() => false)
    // An undocumented option that Node has had from its beginning: the end of the client's side
    // does not end the connection.
    Object.assign(this, { httpAllowHalfOpen: true })
    const patience = Math.min(halfClosedPatience, requestTime)
    this.on("connection", (socket: Socket) => {
      this.accepted++
      // `maxConnections` does not do: Deno does not notice that a connection has gone.
      if (this.turns.size >= connections && !this.giveWay()) {
        socket.destroy()
        return
      }
      const turns = new ConnectionTurns(socket, patience, {
        cutOff: () => this.emit("clientError", cutOff, socket),
        idle: () => this.idle.set(socket, { since: performance.now(), bytesRead: socket.bytesRead })
      })
      this.turns.set(socket, turns)
      if (this.isHolding) turns.hold()
      // Node calls `destroySoon` when the last answer of a connection has been written.
      const destroySoon = socket.destroySoon.bind(socket)
      socket.destroySoon = () => this.isLeaving && wantsMore(turns.answering) ? this.lingerOn(socket, destroySoon) : destroySoon()
      socket.once("close", () => this.forget(socket))
    })
    this.on("newListener", (event: string) => {
      // The listener is there only after this.
      if (event === "request") setImmediate(() => this.unheard.splice(0).forEach((tell) => tell()))
    })
    // With a listener, Node does not close the connection itself.
    this.on("timeout", (socket: Socket) => {
      if (this.idle.has(socket)) afterNextLook(() => this.isIdle(socket) && socket.destroy())
      else socket.destroy()
    })
  }

  get openConnections(): number {
    return this.turns.size
  }

  /** Whether answers carry `Connection: close`. */
  get isLeaving(): boolean {
    return this.isClosing || this.isDraining()
  }

  /** Emits a request to its listeners when its turn comes. */
  override emit(event: string, ...args: ReadonlyArray<unknown>): boolean {
    if (event !== "request" && event !== "checkContinue") return super.emit(event, ...args)
    const [request, response] = args as [IncomingMessage, ServerResponse]
    const turns = this.turns.get(request.socket)
    // The connection has gone.
    if (turns === undefined) return true
    this.idle.delete(request.socket)
    this.log?.arrive(request, response)
    turns.take(request, response, () => {
      this.log?.begin(request)
      if (event === "request" && !this.isLeaving && this.answerAtOnce(request, response)) return
      if (this.listenerCount(event) > 0) super.emit(event, request, response)
      else this.unheard.push(() => super.emit(event, request, response))
    })
    return true
  }

  /**
   * Closes the listener, and soon after it the connections without a request in progress.
   *
   * {@link Settling} says how soon.
   */
  override close(callback?: (error?: Error) => void): this {
    this.isClosing = true
    this.isHolding = true
    for (const turns of this.turns.values()) turns.hold()
    this.whenAllAccepted(() => {
      this.closeListener(callback)
      this.isHolding = false
      for (const turns of this.turns.values()) turns.release()
      const sweeping = setInterval(() => this.turns.size === 0 ? clearInterval(sweeping) : this.sweep(), sweepInterval).unref()
    })
    return this
  }

  /** Acts when the process has every connection that was made, as far as that can be known. */
  protected whenAllAccepted(act: () => void): void {
    const address = this.address()
    const countWaiting = () => typeof address === "object" && address !== null ? waitingConnections(address) : undefined
    whenNoneWaits(countWaiting, () => this.accepted, act)
  }

  protected closeListener(callback?: (error?: Error) => void): void {
    super.close(callback)
  }

  private sweep(): void {
    const now = performance.now()
    for (const [socket, { opened, underWay }] of this.turns) {
      const answered = this.idle.get(socket)?.since
      const isOver = answered === undefined ? now - opened >= this.settling.opened : now - answered >= this.settling.answered
      if (underWay === 0 && isOver) socket.destroy()
    }
  }

  /** Does nothing: Node's `close` calls it at once, and {@link close} waits. */
  override closeIdleConnections(): void {}

  /**
   * Closes the connection that has been idle longest, and tells whether it did.
   *
   * It closes none that has been idle for less than {@link leastIdle} milliseconds.
   */
  private giveWay(): boolean {
    const latest = performance.now() - leastIdle
    for (const [socket, { since }] of this.idle) {
      if (since > latest) return false
      if (!this.isIdle(socket)) continue
      this.forget(socket)
      socket.destroy()
      return true
    }
    return false
  }

  private isIdle(socket: Socket): boolean {
    return this.idle.get(socket)?.bytesRead === socket.bytesRead
  }

  private forget(socket: Socket): void {
    this.turns.delete(socket)
    this.idle.delete(socket)
  }

  private lingerOn(socket: Socket, destroySoon: () => void): void {
    setTimeout(() => {
      if (this.turns.get(socket)?.underWay === 0) destroySoon()
    }, linger).unref()
  }
}

/** Whether the client may send another request on its connection after this one. */
const wantsMore = (request: IncomingMessage | undefined): boolean =>
  request?.httpVersion === "1.1" && !/\bclose\b/i.test(request.headers.connection ?? "")

/**
 * Acts when the event loop has looked at every connection again.
 *
 * Timers fire before the event loop reads what has arrived meanwhile.
 */
const afterNextLook = (act: () => void): void => void setImmediate(() => setImmediate(act))
