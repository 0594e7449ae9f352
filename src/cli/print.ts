import * as Effect from "effect/Effect"
import type { PlatformError } from "effect/PlatformError"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"

/** Whether the reader of the output has gone, as `head` does when it has enough. */
const isBrokenPipe = (error: unknown): boolean =>
  typeof error === "object" && error !== null && "_tag" in error && error._tag === "PlatformError" && "reason" in error &&
  typeof error.reason === "object" && error.reason !== null && "cause" in error.reason && error.reason.cause instanceof Error &&
  "code" in error.reason.cause && error.reason.cause.code === "EPIPE"

/**
 * Writes lines to stdout as they come, no faster than they are read.
 *
 * If the reader has gone, the output ends without an error. Any other `PlatformError` fails it.
 */
export const printLines = <E, R>(lines: Stream.Stream<string, E, R>): Effect.Effect<void, E | PlatformError, R | Stdio.Stdio> =>
  Effect.flatMap(Stdio.Stdio, (stdio) => Stream.run(Stream.map(lines, (line) => `${line}\n`), stdio.stdout())).pipe(
    Effect.catchIf(isBrokenPipe, () => Effect.void)
  )

/** Writes lines to stdout. */
export const print = (...lines: ReadonlyArray<string>) => printLines(Stream.fromIterable(lines))
