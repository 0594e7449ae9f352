import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { availableParallelism } from "node:os"
import { zoneProblem } from "../values/zones/zoneProblem.ts"
import { parseAddressRanges } from "./addressRanges.ts"

const MiB = 1024 * 1024

/** A setting that is a whole number of at least `least`. */
const whole = (name: string, byDefault: number, least = 1) =>
  Config.schema(Schema.Int.check(Schema.isGreaterThanOrEqualTo(least)), name).pipe(Config.withDefault(byDefault))

/** Addresses and ranges of addresses, as {@link parseAddressRanges} reads them. */
const AddressRanges = Schema.String.check(Schema.makeFilter((text) => {
  const parsed = parseAddressRanges(text)
  return "ranges" in parsed ? undefined : `"${parsed.wrong}" is neither an address nor a range such as 10.0.0.0/8`
}))

/** A zone that a tenant may have. */
const TimeZone = Schema.String.check(Schema.makeFilter(zoneProblem))

/** The most service processes that one start runs. They open up to 164 connections then. */
export const mostProcesses = 16

/** A number of processes, or `auto` for as many as the machine has processor threads. */
const Processes = Schema.String.check(
  Schema.makeFilter((text) =>
    text === "auto" || /^\d{1,2}$/.test(text) && Number(text) >= 1 && Number(text) <= mostProcesses
      ? undefined
      : `"${text}" is neither auto nor a whole number from 1 to ${mostProcesses}`
  )
)

/** What is wrong with the text of an address that others connect to; undefined if nothing is. */
const addressProblem = (text: string): string | undefined => {
  const [, host = "", port = ""] = /^([\w.-]+|\[[\da-f:]+\]):(\d{1,5})$/i.exec(text) ?? []
  return host !== "" && Number(port) >= 1 && Number(port) <= 65_535 ? undefined : `"${text}" is no HOST:PORT such as 10.0.0.5:7400`
}

/** The most bytes that `MAX_EVENT_BYTES` may allow for the stored form of one event. */
export const largestEvent = 4 * MiB

/**
 * Every setting, with its default and its bounds. No other code reads the environment.
 *
 * See docs/design.md#starting-and-stopping, and the table in docs/settings.md.
 */
const settings = Config.all({
  // 0 takes any free port, which the service then prints.
  port: Config.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 65_535 })), "PORT").pipe(Config.withDefault(3000)),
  host: Config.String("HOST").pipe(Config.withDefault("127.0.0.1")),
  processes: Config.schema(Processes, "PROCESSES").pipe(
    Config.withDefault("1"),
    Config.map((text) => text === "auto" ? Math.min(availableParallelism(), mostProcesses) : Number(text))
  ),
  // The supervisor of several processes sets it for each of them. Nobody else does.
  processNumber: Config.option(
    Config.schema(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: mostProcesses })), "PROCESS_NUMBER")
  ),
  cluster: Config.option(Config.schema(Schema.String.check(Schema.makeFilter(addressProblem)), "CLUSTER_ADDRESS")),
  // Of all processes of one start: each gets its part below.
  connections: whole("MAX_CONNECTIONS", 5000),
  keepAliveSeconds: Config.schema(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 86_400 })), "KEEP_ALIVE_SECONDS").pipe(
    Config.withDefault(620)
  ),
  // If it is not set, the command `serve` decides.
  drainSeconds: Config.option(Config.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 600 })), "DRAIN_SECONDS")),
  trustedProxies: Config.schema(AddressRanges, "TRUSTED_PROXIES").pipe(Config.withDefault("")),
  database: Config.all({
    url: Config.option(Config.Redacted("DATABASE_URL")),
    pooler: Config.Literals(["none", "session", "transaction"], "DATABASE_POOLER").pipe(Config.withDefault("none")),
    directUrl: Config.option(Config.Redacted("DATABASE_DIRECT_URL")),
    // NAME=URL entries, separated by white space.
    servers: Config.Redacted("DATABASE_SERVERS").pipe(Config.withDefault(Redacted.make("")))
  }),
  // Counts for a new log only: docs/partitions.md.
  partitions: Config.schema(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 64 })), "PARTITIONS").pipe(Config.withDefault(1)),
  dataDir: Config.String("DATA_DIR").pipe(Config.withDefault(".data")),
  bootstrap: Config.all({
    apiKey: Config.option(Config.Redacted("BOOTSTRAP_API_KEY")),
    timeZone: Config.option(Config.schema(TimeZone, "BOOTSTRAP_TIME_ZONE"))
  }),
  operatorKey: Config.option(Config.Redacted("OPERATOR_KEY")),
  limits: Config.all({
    itemsPerRequest: whole("MAX_ITEMS", 10_000),
    bytesPerRequest: whole("MAX_BODY_BYTES", 32 * MiB),
    bytesPerEvent: Config.schema(Schema.Int.check(Schema.isBetween({ minimum: 1024, maximum: largestEvent })), "MAX_EVENT_BYTES").pipe(
      Config.withDefault(256 * 1024)
    ),
    // 0 is no limit.
    futureHours: whole("MAX_FUTURE_HOURS", 24, 0),
    eventsInFlight: whole("MAX_EVENTS_IN_FLIGHT", 50_000),
    bytesInFlight: whole("MAX_BYTES_IN_FLIGHT", 96 * MiB),
    answerBytesInFlight: whole("MAX_ANSWER_BYTES_IN_FLIGHT", 64 * MiB)
  }),
  rates: Config.all({
    // 0 is no limit.
    requestsPerSecond: whole("TENANT_REQUESTS_PER_SECOND", 0, 0),
    eventsPerSecond: whole("TENANT_EVENTS_PER_SECOND", 0, 0),
    burstSeconds: whole("TENANT_BURST_SECONDS", 10)
  }),
  rejected: Config.all({
    quota: whole("REJECTED_QUOTA", 100_000),
    // With the default of `REJECTED_QUOTA` this is some 2.6 KB an item, and a usual item has half a
    // KB. So for an honest sender the number counts.
    quotaBytes: whole("REJECTED_QUOTA_BYTES", 256 * MiB, 64 * 1024),
    retentionDays: whole("REJECTED_RETENTION_DAYS", 30)
  }),
  readyLagSeconds: whole("READY_LAG_SECONDS", 60),
  metricsTenants: Config.Boolean("METRICS_TENANTS").pipe(Config.withDefault(false)),
  requestLog: Config.Boolean("REQUEST_LOG").pipe(Config.withDefault(false))
})

/**
 * The folder of the projections of your own (docs/projections.md). Each thread reads it with its
 * modules, before anything else.
 */
export const projectionsSetting = Config.String("PROJECTIONS_DIR").pipe(Config.withDefault(""))

/** The levels by their names in the settings, in which case does not count. */
const logLevels = { trace: "Trace", debug: "Debug", info: "Info", warn: "Warn", error: "Error", fatal: "Fatal", none: "None" } as const

const isLogLevel = (text: string): text is keyof typeof logLevels => Object.hasOwn(logLevels, text)

const LogLevelName = Schema.String.check(
  Schema.makeFilter((text) => isLogLevel(text.toLowerCase()) ? undefined : `is none of ${Object.keys(logLevels).join(", ")}`)
)

/** The settings of the log, which a program needs first. */
export const logSettings = Config.all({
  // If it is not set, it depends on whether there is a terminal.
  format: Config.schema(Schema.Literals(["json", "logfmt", "pretty"]), "LOG_FORMAT").pipe(Config.withDefault(undefined)),
  level: Config.schema(LogLevelName, "LOG_LEVEL").pipe(
    Config.withDefault("info"),
    Config.map((text) => {
      const name = text.toLowerCase()
      return isLogLevel(name) ? logLevels[name] : logLevels.info
    })
  )
})

/**
 * Reads entries such as `authorization=Bearer%20TOKEN`, separated by commas.
 *
 * Undefined if any entry is malformed.
 */
const parseHeaders = (text: string): Readonly<Record<string, string>> | undefined => {
  const headers: Record<string, string> = {}
  for (const entry of text.split(",").map((part) => part.trim()).filter((part) => part !== "")) {
    const [, name, value = ""] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(.*)$/s.exec(entry) ?? []
    try {
      if (name === undefined) return undefined
      headers[name] = decodeURIComponent(value)
    } catch {
      return undefined
    }
  }
  return headers
}

const HeaderList = Schema.String.check(
  Schema.makeFilter((text) =>
    parseHeaders(text) === undefined ? "is no list of NAME=VALUE, percent-encoded and separated by commas" : undefined
  )
)

const CollectorUrl = Schema.String.check(
  Schema.makeFilter((text) =>
    text === "" || /^https?:\/\/[^/]/.test(text) && URL.canParse(text) ? undefined : "is no URL such as http://127.0.0.1:4318"
  )
)

/** Where the spans of a thread go, by OpenTelemetry's names (docs/metrics.md#traces). */
export const telemetrySettings = Config.all({
  // As OpenTelemetry has it, an empty setting is no setting.
  endpoint: Config.schema(CollectorUrl, "OTEL_EXPORTER_OTLP_ENDPOINT").pipe(
    Config.withDefault(""),
    Config.map((text) => text === "" ? undefined : new URL(text))
  ),
  headers: Config.schema(HeaderList, "OTEL_EXPORTER_OTLP_HEADERS").pipe(
    Config.withDefault(""),
    Config.map((text) => Redacted.make(parseHeaders(text) ?? {}))
  ),
  serviceName: Config.String("OTEL_SERVICE_NAME").pipe(Config.withDefault("playtally")),
  share: Config.schema(Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 })), "OTEL_TRACES_SAMPLER_ARG").pipe(
    Config.withDefault(1)
  ),
  perSecond: whole("OTEL_TRACES_PER_SECOND", 20)
})

/**
 * The service's settings.
 *
 * The layer fails with a `ConfigError` that names the setting and what is wrong with it.
 */
export class Settings extends Context.Service<Settings, Config.Success<typeof settings>>()("playtally/Settings") {
  static readonly layer = Layer.effect(
    Settings,
    Effect.map(settings, (values) => Settings.of({ ...values, connections: Math.ceil(values.connections / values.processes) }))
  )
}
