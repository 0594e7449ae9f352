import type { SupervisorLink } from "../../processes/SupervisorLink.ts"
import { FairServer } from "./FairServer.ts"

/** Milliseconds in which connections that have closed are counted before the supervisor hears. */
const closedGather = 20

/** A listener of the supervisor: its address is of no use to the process. */
const elsewhere = { address: "127.0.0.1", family: "IPv4", port: 0 }

/**
 * A {@link FairServer} of one of several processes. It does not listen: the supervisor does, and
 * hands it connections.
 *
 * It tells the supervisor that it has a connection before it reads a byte of it. So a connection
 * that a dying process has not got is another's.
 */
export class HandedServer extends FairServer {
  private readonly link: SupervisorLink
  private isOpen = false
  private closed = 0
  private whenLast: (() => void) | undefined

  constructor(link: SupervisorLink, ...args: ConstructorParameters<typeof FairServer>) {
    super(...args)
    this.link = link
    Object.defineProperty(this, "listening", { get: () => this.isOpen })
    link.listen("Connection", ({ id }, socket) => {
      link.send({ _tag: "Taken", id })
      // The client has gone while it was on its way.
      if (socket === undefined) return this.countClosed()
      socket.once("close", () => this.countClosed())
      this.emit("connection", socket)
    })
    link.listen("NoMoreConnections", () => this.endOfConnections())
    link.onLost(() => this.endOfConnections())
  }

  override listen(...args: ReadonlyArray<unknown>): this {
    this.isOpen = true
    const listener = args.find((arg) => typeof arg === "function")
    if (listener !== undefined) this.once("listening", listener as () => void)
    // Node's server begins to look after slow requests when it listens.
    setImmediate(() => this.emit("listening"))
    return this
  }

  override address() {
    return elsewhere
  }

  /** Acts when the supervisor has handed over the last connection, or has gone. */
  protected override whenAllAccepted(act: () => void): void {
    this.whenLast = act
    if (this.link.isOpen) this.link.send({ _tag: "Leaving" })
    else this.endOfConnections()
  }

  /** Calls back when no connection is left. Node counts only the connections of a listener. */
  protected override closeListener(callback?: (error?: Error) => void): void {
    this.isOpen = false
    super.closeListener()
    const look = setInterval(() => {
      if (this.openConnections > 0) return
      clearInterval(look)
      callback?.()
    }, closedGather)
  }

  private endOfConnections(): void {
    const act = this.whenLast
    this.whenLast = undefined
    act?.()
  }

  private countClosed(): void {
    if (this.closed++ > 0) return
    setTimeout(() => {
      this.link.send({ _tag: "Closed", connections: this.closed })
      this.closed = 0
    }, closedGather).unref()
  }
}
