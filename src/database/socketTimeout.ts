import type { Duplex } from "node:stream"
import { type ConnectionTarget, socketPathOf } from "./ConnectionTarget.ts"
import { NegotiatedSocket, openSocket, type TargetMemory } from "./NegotiatedSocket.ts"

/**
 * Opens the driver's connections to a target, encrypted as its `sslmode` says.
 *
 * A connection ends after that many milliseconds without a byte; 0 is no limit. A frozen server, or
 * a server that a router between has forgotten, sends nothing and closes nothing. TCP alone waits a
 * quarter of an hour, and so would the caller. The limit must be more than a statement may take. A
 * resting session ends too, which costs its next user a millisecond or two.
 *
 * As in libpq, Unix sockets are never encrypted. There, and with `sslmode=disable`, the driver gets
 * the socket itself.
 */
export const socketTimeout = (target: ConnectionTarget, milliseconds: number): () => Duplex => {
  const path = socketPathOf(target)
  if (path === undefined && target.tls.mode !== "disable") {
    const memory: TargetMemory = { wasEncrypted: false }
    return () => new NegotiatedSocket(target, milliseconds, memory)
  }
  return () => {
    const socket = openSocket(target, path)
    return milliseconds === 0 ? socket : socket.setTimeout(milliseconds, () => {
      socket.destroy(new Error(`The database has said nothing for ${milliseconds / 1000} s`))
    })
  }
}
