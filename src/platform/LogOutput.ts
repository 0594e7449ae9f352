import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import type { LogLevel } from "effect/LogLevel"
import * as References from "effect/References"
import { logSettings } from "./Settings.ts"

/** How a line of the log is written: as JSON or logfmt in one line, or for a person (`pretty`). */
export type LogFormat = "json" | "logfmt" | "pretty"

/**
 * How a thread of this process writes its log.
 *
 * The thread cannot find out itself, because it has no terminal.
 */
export interface LogOutput {
  readonly format: LogFormat
  readonly level: LogLevel
}

const loggers = {
  json: Logger.withConsoleError(Logger.formatJson),
  logfmt: Logger.withConsoleError(Logger.formatLogFmt),
  pretty: Logger.consolePretty({ colors: process.stderr.isTTY === true, formatDate: (date) => date.toISOString() })
}

const LogFormatInUse = Context.Reference<LogFormat>("playtally/LogFormatInUse", { defaultValue: () => "logfmt" })

const layerOf = ({ format, level }: LogOutput) =>
  Layer.mergeAll(
    Logger.layer([loggers[format]]),
    Layer.succeed(LogFormatInUse, format),
    Layer.succeed(References.MinimumLogLevel, level),
    // stdout is for what a command prints.
    Layer.succeed(Logger.LogToStderr, true)
  )

/** The log of a process or a thread. It is always on stderr, and each line has its date. */
export const LogOutput = {
  /** By the settings. Without them the format is `pretty` on a terminal, else `logfmt`. */
  layer: Layer.unwrap(
    Effect.map(logSettings, ({ format, level }) => layerOf({ format: format ?? (process.stderr.isTTY ? "pretty" : "logfmt"), level }))
  ),
  layerOf,
  /** The current output, for another thread. */
  current: Effect.all({ format: LogFormatInUse, level: References.MinimumLogLevel })
} as const
