import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { LogOutput } from "../platform/LogOutput.ts"
import { type CommandFailed, explained } from "./CommandFailed.ts"

/**
 * Runs the command line with the log of the settings.
 *
 * An unusable setting of the log is explained in one line, as any other setting is.
 */
export const withLogOutput = <A, E, R>(program: Effect.Effect<A, E, R>): Effect.Effect<A, E | CommandFailed, R> =>
  Effect.scopedWith((scope) =>
    Effect.flatMap(explained(Layer.buildWithScope(LogOutput.layer, scope)), (context) => Effect.provideContext(program, context))
  )
