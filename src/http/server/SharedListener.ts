import * as Effect from "effect/Effect"
import { createServer, type Server, type Socket } from "node:net"
import type { CannotListen, Place } from "./refuseWhatCannotListen.ts"
import { cannotListen } from "./refuseWhatCannotListen.ts"
import { waitingConnections } from "./waitingConnections.ts"
import { whenNoneWaits } from "./whenNoneWaits.ts"

/** Connections on their way to a process that has not said that it has them. */
const mostOnTheWay = 16

/** Connections that wait for a process. One more is closed at once. */
const mostWaiting = 4096

/** A process that takes connections. */
export interface Taker {
  /** Sends it a connection, of which both have a copy until `taken` is called. */
  readonly hand: (id: number, socket: Socket) => void
}

/** What the listener knows of a process. */
class Share {
  readonly onTheWay = new Map<number, Socket>()
  /** Connections that it has or will have. */
  open = 0
  /** What to do when nothing is on its way any more, for one that leaves. */
  whenEmpty: (() => void) | undefined
}

/**
 * The listener of several processes: it hands each connection to the process with the fewest.
 *
 * A connection stays open here until the process says that it has it. If that process dies first,
 * another one gets it. While there is no process, connections wait.
 */
export class SharedListener {
  private readonly server: Server
  private readonly shares = new Map<Taker, Share>()
  private readonly waiting: Array<Socket> = []
  private accepted = 0
  private ids = 0
  /** What to do when no connection waits any more. */
  private whenHandedOut: (() => void) | undefined

  private constructor(server: Server) {
    this.server = server
    server.on("connection", (socket) => {
      this.accepted++
      // A client that resets it has nobody to tell here.
      socket.on("error", () => {})
      if (this.waiting.length >= mostWaiting) socket.destroy()
      else this.waiting.push(socket)
      this.handOut()
    })
  }

  /** Listens at a place, for which port 0 takes a free one. */
  static readonly open = (place: Place, backlog: number): Effect.Effect<SharedListener, CannotListen> =>
    Effect.callback((resume) => {
      const server = createServer({ pauseOnConnect: true, noDelay: true, allowHalfOpen: true })
      const refused = (error: Error) => resume(Effect.fail(cannotListen(error, place)))
      server.once("error", refused)
      server.listen({ ...place, backlog }, () => {
        server.off("error", refused)
        // One connection that could not be accepted, for want of descriptors.
        server.on("error", () => {})
        resume(Effect.succeed(new SharedListener(server)))
      })
    })

  /** Where it listens. */
  get url(): string {
    const address = this.server.address()
    if (address === null || typeof address === "string") throw new Error("the listener has no address")
    return `http://${address.family === "IPv6" ? `[${address.address}]` : address.address}:${address.port}`
  }

  get isOpen(): boolean {
    return this.server.listening
  }

  /** Hands connections to one more process. */
  add(taker: Taker): void {
    this.shares.set(taker, new Share())
    this.handOut()
  }

  /** A process has a connection. */
  taken(taker: Taker, id: number): void {
    const share = this.shares.get(taker)
    const socket = share?.onTheWay.get(id)
    if (share === undefined || socket === undefined) return
    share.onTheWay.delete(id)
    socket.destroy()
    if (share.onTheWay.size === 0 && share.whenEmpty !== undefined) this.part(taker, share.whenEmpty)
    this.handOut()
  }

  /** Connections of a process have closed. */
  closed(taker: Taker, connections: number): void {
    const share = this.shares.get(taker)
    if (share === undefined) return
    share.open -= connections
    this.handOut()
  }

  /** A process has died. Others get what it has not taken. */
  lost(taker: Taker): void {
    const share = this.shares.get(taker)
    if (share === undefined) return
    this.shares.delete(taker)
    this.waiting.unshift(...share.onTheWay.values())
    this.handOut()
  }

  /** Hands nothing more to a process, and acts when it has everything that was handed to it. */
  leave(taker: Taker, act: () => void): void {
    const share = this.shares.get(taker)
    if (share === undefined || share.onTheWay.size === 0) this.part(taker, act)
    else share.whenEmpty = act
  }

  /**
   * Closes the listener when the kernel has no accepted connection for it, hands out what waits,
   * and then acts.
   */
  close(act: () => void): void {
    if (!this.isOpen) return act()
    const address = this.server.address()
    const countWaiting = () => typeof address === "object" && address !== null ? waitingConnections(address) : undefined
    whenNoneWaits(countWaiting, () => this.accepted, () => {
      this.server.close()
      this.whenHandedOut = act
      this.handOut()
    })
  }

  /** Closes the listener and the connections that no process has. */
  end(): void {
    this.server.close()
    for (const socket of this.waiting.splice(0)) socket.destroy()
    for (const { onTheWay } of this.shares.values()) for (const socket of onTheWay.values()) socket.destroy()
  }

  private part(taker: Taker, act: () => void): void {
    this.shares.delete(taker)
    act()
  }

  private handOut(): void {
    this.handWaiting()
    if (this.waiting.length > 0) return
    const act = this.whenHandedOut
    this.whenHandedOut = undefined
    act?.()
  }

  private handWaiting(): void {
    while (this.waiting.length > 0) {
      const chosen = this.fewest()
      if (chosen === undefined) return
      const [taker, share] = chosen
      const socket = this.waiting.shift()
      if (socket === undefined) return
      const id = this.ids++
      share.open++
      share.onTheWay.set(id, socket)
      taker.hand(id, socket)
    }
  }

  /** The process with the fewest connections, of those that can be sent one. */
  private fewest(): readonly [Taker, Share] | undefined {
    let found: readonly [Taker, Share] | undefined
    for (const entry of this.shares) {
      const [, share] = entry
      if (share.whenEmpty !== undefined || share.onTheWay.size >= mostOnTheWay) continue
      if (found === undefined || share.open < found[1].open) found = entry
    }
    return found
  }
}
