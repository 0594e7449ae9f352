import * as Redacted from "effect/Redacted"
import { connect, type Socket } from "node:net"

/**
 * What opens the driver's sockets to the server of a URL: such as end once nothing has passed them for so many milliseconds. A server that is frozen, and one that a
 * router between has forgotten, say nothing and close nothing, and TCP itself waits a quarter of an hour: whoever asks would wait as long. It must be more
 * than the longest a statement may take. A session that rests is ended too, which costs its next user a millisecond or two.
 *
 * The driver leaves its own reading of the URL to itself where it is given a socket, so the places of the server are read here as it does.
 */
export const impatientSocket = (url: Redacted.Redacted, milliseconds: number): () => Socket => {
  const parsed = new URL(Redacted.value(url))
  const host = parsed.searchParams.get("host") ?? decodeURIComponent(parsed.hostname.replace(/^\[(.*)\]$/, "$1"))
  const port = Number(parsed.searchParams.get("port") ?? (parsed.port === "" ? 5432 : parsed.port))
  return () => {
    const socket = host.startsWith("/")
      ? connect({ path: `${host}/.s.PGSQL.${port}` })
      : connect({ host: host === "" ? "localhost" : host, port, noDelay: true })
    return socket.setTimeout(milliseconds, () => {
      socket.destroy(new Error(`The database has said nothing for ${milliseconds / 1000} s`))
    })
  }
}
