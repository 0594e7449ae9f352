import * as Effect from "effect/Effect"
import { connect } from "node:net"
import { isSocket, type Place, socketFile } from "./Place.ts"

/** Whether some process listens at a place; at a socket, whatever container it is in. */
export const answersAt = (place: Place): Effect.Effect<boolean> =>
  Effect.callback<boolean>((resume) => {
    const socket = connect(isSocket(place) ? { path: socketFile(place) } : { ...place })
    socket
      .once("connect", () => resume(Effect.succeed(true)))
      // A server that is frozen lets connections queue up, until there is no room for more.
      .once("error", (cause: NodeJS.ErrnoException) => resume(Effect.succeed(cause.code === "EAGAIN")))
    return Effect.sync(() => socket.destroy())
  }).pipe(Effect.timeoutOrElse({ duration: "2 seconds", orElse: () => Effect.succeed(true) }))
