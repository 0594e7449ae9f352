import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { LogOutput } from "../platform/LogOutput.ts"
import { type CommandFailed, explained } from "./CommandFailed.ts"

/**
 * Runs the command line with the log of the settings. A setting of the log that cannot be used is
 * told in one line, as every other.
 */
export const withLogOutput = <A, E, R>(program: Effect.Effect<A, E, R>): Effect.Effect<A, E | CommandFailed, R> =>
  Effect.scopedWith((scope) =>
    Effect.flatMap(explained(Layer.buildWithScope(LogOutput.layer, scope)), (context) => Effect.provideContext(program, context))
  )
