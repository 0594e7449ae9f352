import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { connect, createServer } from "node:net"

/** The service cannot listen where its settings say; `message` names the setting. */
export class CannotListen extends Schema.TaggedError<CannotListen>("playtally/http/CannotListen")("CannotListen", {
  message: Schema.String
}) {}

/** Where the service is to listen. */
export interface Place {
  readonly host: string
  readonly port: number
}

const sentences: Readonly<Record<string, (place: Place) => string>> = {
  EADDRINUSE: ({ host, port }) =>
    `PORT ${port} is taken: another program listens there on ${host}. Stop it or set another PORT; 0 takes a free one.`,
  EADDRNOTAVAIL: ({ host }) =>
    `HOST ${host} is not an address of this machine. 127.0.0.1 is this machine only, 0.0.0.0 all of its addresses.`,
  ENOTFOUND: ({ host }) => `HOST ${host} is not a name that this machine knows.`,
  EACCES: ({ port }) => `PORT ${port} is not allowed to this account: ports below 1024 need a right. Set one from 1024 on.`
}

const codeOf = (error: unknown): string | undefined =>
  typeof error === "object" && error !== null && "code" in error && typeof error.code === "string" ? error.code : undefined

/** What the operating system's error means for the settings. */
export const cannotListen = (error: unknown, place: Place): CannotListen => {
  const told = sentences[codeOf(error) ?? ""]?.(place)
  return new CannotListen({
    message: told ??
      `HOST ${place.host} and PORT ${place.port} cannot be listened on: ${error instanceof Error ? error.message : String(error)}`
  })
}

/** Deno may listen on the port alone: a missing permission ends the process. */
const mayListenElsewhere = process.versions["deno"] === undefined

/**
 * Milliseconds that a listener has to take a connection. An address that is not there never
 * answers.
 */
const patience = 1000

/** An address of the loopback network that no program uses, to try a port at. */
const nobodys = "127.91.7.3"

const isAnyAddress = (host: string): boolean => host === "0.0.0.0" || host === "::"

/** Whether a program takes connections there. */
const isTaken = ({ host, port }: Place): Effect.Effect<boolean> =>
  Effect.callback((resume) => {
    const socket = connect({ port, host: isAnyAddress(host) ? "127.0.0.1" : host, timeout: patience })
    const end = (taken: boolean) => {
      socket.destroy()
      resume(Effect.succeed(taken))
    }
    socket.once("connect", () => end(true))
    for (const event of ["error", "timeout"]) socket.once(event, () => end(false))
  })

/** Listens there for a moment. Gives the error, if it is one that {@link sentences} knows. */
const errorOf = ({ host, port }: Place): Effect.Effect<unknown> =>
  Effect.callback((resume) => {
    const server = createServer()
    server.once("error", (error) => resume(Effect.succeed(Object.hasOwn(sentences, codeOf(error) ?? "") ? error : undefined)))
    server.listen({ host, port }, () => server.close(() => resume(Effect.undefined)))
  })

/**
 * Fails if the service will not be able to listen there, before anything slow is started.
 *
 * It does not listen on the port itself: a client that is about to find the former process gone
 * would meet this one for a moment, and be reset. So the address is tried with a free port, a port
 * below 1024 at another address, and who has the port is found by connecting to it. On Deno only
 * the last; the rest is told when the service listens.
 */
export const refuseWhatCannotListen = Effect.fnUntraced(function*(place: Place) {
  const { host, port } = place
  if (mayListenElsewhere) {
    const unusable = yield* errorOf({ host, port: 0 })
    if (unusable !== undefined) return yield* cannotListen(unusable, place)
  }
  if (port === 0) return
  if (port < 1024 && mayListenElsewhere) {
    const forbidden = yield* errorOf({ host: nobodys, port })
    if (codeOf(forbidden) === "EACCES") return yield* cannotListen(forbidden, place)
  }
  if (yield* isTaken(place)) return yield* cannotListen({ code: "EADDRINUSE" }, place)
})
