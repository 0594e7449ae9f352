import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { connect, createServer } from "node:net"

/**
 * The service cannot listen where its settings say.
 *
 * `message` names the setting and says what to do.
 */
export class CannotListen extends Schema.TaggedError<CannotListen>("playtally/http/CannotListen")("CannotListen", {
  message: Schema.String
}) {}

/** Where the service listens. */
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

/** The error of the operating system, in terms of the settings. */
export const cannotListen = (error: unknown, place: Place): CannotListen => {
  const told = sentences[codeOf(error) ?? ""]?.(place)
  return new CannotListen({
    message: told ??
      `HOST ${place.host} and PORT ${place.port} cannot be listened on: ${error instanceof Error ? error.message : String(error)}`
  })
}

/** Whether the process may try another port. On Deno a missing permission ends the process. */
const mayListenElsewhere = process.versions["deno"] === undefined

/**
 * Milliseconds in which a listener must take a connection. An address that is not there never
 * answers.
 */
const patience = 1000

/** A loopback address that no program uses, for trying a port. */
const nobodys = "127.91.7.3"

const isAnyAddress = (host: string): boolean => host === "0.0.0.0" || host === "::"

/** Whether a program takes connections at a place. */
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

/** Listens at a place for a moment, and gives the error if {@link sentences} knows it. */
const errorOf = ({ host, port }: Place): Effect.Effect<unknown> =>
  Effect.callback((resume) => {
    const server = createServer()
    server.once("error", (error) => resume(Effect.succeed(Object.hasOwn(sentences, codeOf(error) ?? "") ? error : undefined)))
    server.listen({ host, port }, () => server.close(() => resume(Effect.undefined)))
  })

/**
 * Fails with {@link CannotListen} if the service will not be able to listen at a place.
 *
 * It runs before anything slow starts. It does not listen on the port itself. A client that is
 * about to find the former process gone would meet this process for a moment, and be reset. Instead
 * it tries the address with a free port, and a port below 1024 at another address. To learn whether
 * the port is taken, it connects to it. On Deno it does only the last; the other errors come when
 * the service listens.
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
