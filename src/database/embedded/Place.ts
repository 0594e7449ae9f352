import { join } from "node:path"

/**
 * Where a server of PostgreSQL listens: at an address, or at a Unix socket.
 *
 * The host of a socket is its folder, and the port is part of its name.
 */
export interface Place {
  readonly host: string
  readonly port: number
}

export const isSocket = ({ host }: Place): boolean => host.startsWith("/")

/** The file of the socket. Beside it lies its lock, a file whose name ends in `.lock`. */
export const socketFile = ({ host, port }: Place): string => join(host, `.s.PGSQL.${port}`)

/** The bytes that the kernel has for the path of a socket, without the zero at its end. */
const longestPath = process.platform === "linux" ? 107 : 103

/**
 * The place of a socket in a folder.
 *
 * Undefined if the platform has no sockets or the path is too long.
 */
export const socketIn = (folder: string): Place | undefined => {
  const place = { host: folder, port: 5432 }
  return process.platform === "win32" || Buffer.byteLength(socketFile(place)) > longestPath ? undefined : place
}

/** The URL of the superuser's database at a place. */
export const urlOf = (place: Place, password: string): string =>
  `postgres://postgres:${password}@${
    isSocket(place) ? `localhost:${place.port}/postgres?host=${encodeURIComponent(place.host)}` : `${place.host}:${place.port}/postgres`
  }`
