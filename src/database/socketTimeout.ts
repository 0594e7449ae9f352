import type { Duplex } from "node:stream"
import { type ConnectionTarget, socketPathOf } from "./ConnectionTarget.ts"
import { NegotiatedSocket, openSocket, type TargetMemory } from "./NegotiatedSocket.ts"

/**
 * What opens the driver's connections to a target, encrypted as its `sslmode` says. Each ends once
 * nothing has passed it for so many milliseconds; 0 is no limit. A server that is frozen, and one
 * that a router between has forgotten, say nothing and close nothing, and TCP itself waits a
 * quarter of an hour: whoever asks would wait as long. It must be more than the longest a statement
 * may take. A session that rests is ended too, which costs its next user a millisecond or two.
 *
 * Unix sockets are never encrypted, as libpq has it. There, and with `sslmode=disable`, the driver
 * gets the socket itself.
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
