import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"

const MiB = 1024 * 1024

/** Everything that is read from the environment, in one place (design §5; the README's table of settings). Nothing else reads it. */
const settings = Config.all({
  // 0 takes any free one, which the service then names.
  port: Config.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 65_535 })), "PORT").pipe(Config.withDefault(3000)),
  host: Config.String("HOST").pipe(Config.withDefault("127.0.0.1")),
  connections: Config.schema(Schema.Int.check(Schema.isGreaterThan(0)), "MAX_CONNECTIONS").pipe(Config.withDefault(5000)),
  databaseUrl: Config.option(Config.Redacted("DATABASE_URL")),
  dataDir: Config.String("DATA_DIR").pipe(Config.withDefault(".data")),
  bootstrap: Config.all({
    apiKey: Config.option(Config.Redacted("BOOTSTRAP_API_KEY")),
    timeZone: Config.String("BOOTSTRAP_TIME_ZONE").pipe(Config.withDefault("UTC"))
  }),
  limits: Config.all({
    itemsPerRequest: Config.Int("MAX_ITEMS").pipe(Config.withDefault(10_000)),
    bytesPerRequest: Config.Int("MAX_BODY_BYTES").pipe(Config.withDefault(32 * MiB)),
    eventsInFlight: Config.Int("MAX_EVENTS_IN_FLIGHT").pipe(Config.withDefault(50_000)),
    bytesInFlight: Config.Int("MAX_BYTES_IN_FLIGHT").pipe(Config.withDefault(96 * MiB))
  }),
  rates: Config.all({
    // 0 is no limit.
    requestsPerSecond: Config.Int("TENANT_REQUESTS_PER_SECOND").pipe(Config.withDefault(0)),
    eventsPerSecond: Config.Int("TENANT_EVENTS_PER_SECOND").pipe(Config.withDefault(0)),
    burstSeconds: Config.Int("TENANT_BURST_SECONDS").pipe(Config.withDefault(10))
  }),
  rejected: Config.all({
    quota: Config.Int("REJECTED_QUOTA").pipe(Config.withDefault(100_000)),
    retentionDays: Config.Int("REJECTED_RETENTION_DAYS").pipe(Config.withDefault(30))
  }),
  requestLog: Config.Boolean("REQUEST_LOG").pipe(Config.withDefault(false))
})

/** The service's settings. */
export class Settings extends Context.Service<Settings, Config.Success<typeof settings>>()("playtally/Settings") {
  static readonly layer = Layer.effect(Settings, Effect.map(settings, (values) => Settings.of(values)))
}
