import { closeSync, openSync, readSync } from "node:fs"
import type { AddressInfo } from "node:net"

/** Bytes of the table that are read at once: 27 sockets. Those that listen stand first. */
const pageSize = 4096

/** The state of a socket that listens, as Linux writes it. */
const listening = "0A"

const page = Buffer.alloc(pageSize)

/**
 * How many connections the kernel has accepted for a listener that no process has taken over yet.
 *
 * Linux tells it as the receive queue of the listening socket in `/proc/net/tcp`. Undefined if the
 * system does not tell it, or not to this process.
 */
export const waitingConnections = ({ family, port }: AddressInfo): number | undefined => {
  const local = new RegExp(
    `^ *\\d+: [0-9A-F]+:${port.toString(16).toUpperCase().padStart(4, "0")} \\S+ ${listening} [0-9A-F]+:([0-9A-F]+)`,
    "m"
  )
  try {
    const table = openSync(family === "IPv6" ? "/proc/net/tcp6" : "/proc/net/tcp", "r")
    try {
      for (let text = ""; !text.includes(": ") || text.includes(` ${listening} `);) {
        const read = readSync(table, page)
        if (read === 0) return undefined
        text = page.toString("latin1", 0, read)
        const waiting = local.exec(text)?.[1]
        if (waiting !== undefined) return Number.parseInt(waiting, 16)
      }
      return undefined
    } finally {
      closeSync(table)
    }
  } catch {
    return undefined
  }
}
