import { join } from "node:path"

/**
 * Where a server of PostgreSQL listens: an address, or the folder of its Unix socket, which the
 * port names there.
 */
export interface Place {
  readonly host: string
  readonly port: number
}

export const isSocket = ({ host }: Place): boolean => host.startsWith("/")

/** The socket's file. Beside it lies its lock, a file with `.lock` behind its name. */
export const socketFile = ({ host, port }: Place): string => join(host, `.s.PGSQL.${port}`)

/** The bytes that the kernel has for the path of a socket, but for the zero at its end. */
const longestPath = process.platform === "linux" ? 107 : 103

/**
 * The place of a socket in a folder, unless the platform has none or the path is too long for it.
 */
export const socketIn = (folder: string): Place | undefined => {
  const place = { host: folder, port: 5432 }
  return process.platform === "win32" || Buffer.byteLength(socketFile(place)) > longestPath ? undefined : place
}

/** The URL of the superuser's database there. */
export const urlOf = (place: Place, password: string): string =>
  `postgres://postgres:${password}@${
    isSocket(place) ? `localhost:${place.port}/postgres?host=${encodeURIComponent(place.host)}` : `${place.host}:${place.port}/postgres`
  }`
