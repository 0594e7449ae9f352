import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import type { LogLevel } from "effect/LogLevel"
import * as References from "effect/References"
import { logSettings } from "./Settings.ts"

/** How log lines are written: JSON or logfmt in one line each, or for somebody who reads them. */
export type LogFormat = "json" | "logfmt" | "pretty"

/**
 * How a thread of this process is to write its log, which it cannot find out itself: nothing there
 * is a terminal.
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
    // stdout belongs to what a command is asked for.
    Layer.succeed(Logger.LogToStderr, true)
  )

/** The log of a process or a thread: always on stderr, each line with its date. */
export const LogOutput = {
  /** Of the settings; without them `pretty` for a terminal, else `logfmt`. */
  layer: Layer.unwrap(
    Effect.map(logSettings, ({ format, level }) => layerOf({ format: format ?? (process.stderr.isTTY ? "pretty" : "logfmt"), level }))
  ),
  layerOf,
  /** As it is now, for another thread. */
  current: Effect.all({ format: LogFormatInUse, level: References.MinimumLogLevel })
} as const
