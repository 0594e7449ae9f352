import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { SqlError } from "effect/sql"
import type { DatabasesOfLog } from "../event-log/LogDatabases.ts"

/**
 * A part of the log has left its database while the whole log was gone through, or is about to. No
 * result was given for it; `message` says what to do.
 */
export class LogMoved extends Schema.TaggedError<LogMoved>("playtally/transfer/LogMoved")("LogMoved", { message: Schema.String }) {}

const gone = new LogMoved({ message: "A part of the log has moved to another server meanwhile: run the command again." })
const going = new LogMoved({
  message: "A part of the log is on its way to another server, and is served by none now. `partitions list` shows the move: " +
    "end it with the same command, or cancel it, and run this command again."
})

/** A fence that was left by its command is taken back after some 18 seconds. */
const patience = { looks: 250, pause: "100 millis" } as const

/**
 * What `look` finds once it has met the heads of all the slices it is about.
 *
 * Heads are missing for a moment while a partition moves: then it looks again. It fails with
 * {@link LogMoved} if they have left. If none is moving, they are missing in truth: the answer is
 * not whole then, and the log is damaged.
 */
export const lookWhole = <A, E, R>(
  { whereabouts }: Pick<DatabasesOfLog, "whereabouts">,
  look: Effect.Effect<A, E, R>,
  isWhole: (found: A) => boolean
): Effect.Effect<A, E | LogMoved | SqlError.SqlError, R> =>
  Effect.gen(function*() {
    for (let nth = 0; nth < patience.looks; nth++) {
      const found = yield* look
      if (isWhole(found)) return found
      const place = yield* whereabouts
      if (place === "Elsewhere") return yield* gone
      // The move may have ended between the two.
      if (place === "Here") return yield* look
      yield* Effect.sleep(patience.pause)
    }
    return yield* going
  })
