import * as Context from "effect/Context"
import { type IncomingMessage, Server, type ServerOptions, type ServerResponse } from "node:http"
import type { Socket } from "node:net"
import { ConnectionTurns } from "./ConnectionTurns.ts"
import type { PatientResponse } from "./PatientResponse.ts"
import type { RequestLines } from "./RequestLog.ts"
import { waitingConnections } from "./waitingConnections.ts"

/**
 * Milliseconds that a client is still answered after it has ended its side, if a request may take
 * as long to arrive.
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
 * its beginning: the first request may be.
 */
export const Settling = Context.Reference("playtally/http/Settling", { defaultValue: () => ({ answered: 250, opened: 1000 }) })

/**
 * Milliseconds between two looks at the connections that are left after the listener has closed.
 */
const sweepInterval = 20

/**
 * Milliseconds that a connection must be idle to give way to a new one. A busy client uses it again
 * sooner.
 */
const leastIdle = 1000

/** What a server is made with. Times are in milliseconds. */
export interface FairServerOptions {
  /** For a request to arrive, its body included. */
  readonly requestTime: number
  readonly connections: number
  /**
   * That a connection stays open after an answer without another request, as its header
   * `Keep-Alive` says.
   */
  readonly keepAlive: number
  /** That a connection may stay without a byte either way while a request is under way. */
  readonly silence?: number
  readonly settling?: { readonly answered: number; readonly opened: number } | undefined
  /** Follows every request, if one is given. */
  readonly log?: RequestLines | undefined
  /**
   * Whether the process is about to stop: answers then carry `Connection: close`. Never, unless
   * given.
   */
  readonly isDraining?: () => boolean
}

/** Since when a connection is idle, and how many bytes had been read of it then. */
interface Idle {
  readonly since: number
  readonly bytesRead: number
}

/**
 * A server whose connections take {@link ConnectionTurns}.
 *
 * It closes an idle connection only if nothing has been read of it: after `keepAlive`, when a new
 * one needs its place, and when it stops. While it is leaving, it is the client that closes a
 * connection after `Connection: close`, for {@link linger} milliseconds. A request that comes
 * behind that answer is answered too.
 */
export class FairServer extends Server {
  private readonly turns = new Map<Socket, ConnectionTurns>()
  /** The one that has been idle longest first. */
  private readonly idle = new Map<Socket, Idle>()
  private readonly isDraining: () => boolean
  private readonly settling: { readonly answered: number; readonly opened: number }
  private readonly log: RequestLines | undefined
  private accepted = 0
  private isClosing = false
  private isHolding = false

  constructor(
    options: ServerOptions<typeof IncomingMessage, typeof PatientResponse>,
    { connections, isDraining, log, requestTime, settling }: FairServerOptions
  ) {
    super(options)
    this.settling = settling ?? Settling.defaultValue()
    this.isDraining = isDraining ?? (() => false)
    this.log = log
    // Not documented, and in Node since its beginning: the end of the client's side is not the end
    // of the connection.
    Object.assign(this, { httpAllowHalfOpen: true })
    const patience = Math.min(halfClosedPatience, requestTime)
    this.on("connection", (socket: Socket) => {
      this.accepted++
      // Not `maxConnections`: Deno does not notice that a connection has gone.
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
      // Node calls it when the last answer of a connection has been written.
      const destroySoon = socket.destroySoon.bind(socket)
      socket.destroySoon = () => this.isLeaving && wantsMore(turns.answering) ? this.lingerOn(socket, destroySoon) : destroySoon()
      socket.once("close", () => this.forget(socket))
    })
    // With a listener Node does not close the connection itself.
    this.on("timeout", (socket: Socket) => {
      if (this.idle.has(socket)) afterNextLook(() => this.isIdle(socket) && socket.destroy())
      else socket.destroy()
    })
  }

  get openConnections(): number {
    return this.turns.size
  }

  /** Whether answers are to carry `Connection: close`. */
  get isLeaving(): boolean {
    return this.isClosing || this.isDraining()
  }

  /** Listeners hear of a request when it is its turn. */
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
      super.emit(event, request, response)
    })
    return true
  }

  /**
   * Closes the listener, and soon after, as {@link Settling} says, the connections without a
   * request under way.
   */
  override close(callback?: (error?: Error) => void): this {
    this.isClosing = true
    this.isHolding = true
    for (const turns of this.turns.values()) turns.hold()
    const address = this.address()
    const countWaiting = () => typeof address === "object" && address !== null ? waitingConnections(address) : undefined
    whenNoneWaits(countWaiting, () => this.accepted, () => {
      super.close(callback)
      this.isHolding = false
      for (const turns of this.turns.values()) turns.release()
      const sweeping = setInterval(() => this.turns.size === 0 ? clearInterval(sweeping) : this.sweep(), sweepInterval).unref()
    })
    return this
  }

  private sweep(): void {
    const now = performance.now()
    for (const [socket, { opened, underWay }] of this.turns) {
      const answered = this.idle.get(socket)?.since
      const isOver = answered === undefined ? now - opened >= this.settling.opened : now - answered >= this.settling.answered
      if (underWay === 0 && isOver) socket.destroy()
    }
  }

  /** Node's `close` would do so at once. */
  override closeIdleConnections(): void {}

  /**
   * Closes the connection that has been idle longest, if one has been for {@link leastIdle}
   * milliseconds, and tells whether it did.
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

/** Whether the client means to send more on its connection after this request. */
const wantsMore = (request: IncomingMessage | undefined): boolean =>
  request?.httpVersion === "1.1" && !/\bclose\b/i.test(request.headers.connection ?? "")

/**
 * Runs when the event loop has looked at every connection again: timers fire before what has
 * arrived meanwhile is read.
 */
const afterNextLook = (act: () => void): void => void setImmediate(() => setImmediate(act))

/**
 * Milliseconds that a turn of the event loop takes at most if it did hardly anything but look at
 * the sockets.
 */
const quietTurn = 0.2
/** Milliseconds to wait for the moment at which no connection waits to be taken over. */
const quietPatience = 2000

/**
 * Runs at a moment when no connection waits to be taken over by the process, or after
 * {@link quietPatience}.
 *
 * A listener that closes resets the connections that the kernel has accepted and the process has
 * not taken over, and the process takes over one in each turn of the event loop. Linux tells how
 * many wait. Elsewhere it is a turn that was short and brought none. What comes in the
 * microseconds before the listener closes is lost.
 */
const whenNoneWaits = (countWaiting: () => number | undefined, countAccepted: () => number, act: () => void): void => {
  const until = performance.now() + quietPatience
  const turn = (began: number, accepted: number) =>
    setImmediate(() => {
      const now = performance.now()
      const acceptedNow = countAccepted()
      const waiting = countWaiting()
      const noneWaits = waiting === undefined ? now - began < quietTurn && acceptedNow === accepted : waiting === 0
      if (noneWaits || now > until) act()
      else turn(now, acceptedNow)
    })
  turn(Number.NEGATIVE_INFINITY, countAccepted())
}
