import * as Effect from "effect/Effect"
import { connect } from "node:net"
import { isSocket, type Place, socketFile } from "./Place.ts"

/**
 * Whether a process listens at a place.
 *
 * A socket answers from whatever container its process is in.
 */
export const answersAt = (place: Place): Effect.Effect<boolean> =>
  Effect.callback<boolean>((resume) => {
    const socket = connect(isSocket(place) ? { path: socketFile(place) } : { ...place })
    socket
      .once("connect", () => resume(Effect.succeed(true)))
      // Connections to a frozen server queue up until there is no room for more.
      .once("error", (cause: NodeJS.ErrnoException) => resume(Effect.succeed(cause.code === "EAGAIN")))
    return Effect.sync(() => socket.destroy())
  }).pipe(Effect.timeoutOrElse({ duration: "2 seconds", orElse: () => Effect.succeed(true) }))
