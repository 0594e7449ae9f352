import { assert, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { Settings, telemetrySettings } from "../../src/platform/Settings.ts"

const read = (values: Readonly<Record<string, string>>) =>
  Effect.map(Settings, (settings) => settings).pipe(
    Effect.provide(Settings.layer.pipe(Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown(values)))))
  )

describe("Settings", () => {
  it.effect.each<readonly [name: string, value: string]>([
    ["PORT", "-1"],
    ["PORT", "65536"],
    ["MAX_CONNECTIONS", "0"],
    ["TRUSTED_PROXIES", "10.0.0.0/8, proxy.example"],
    ["TRUSTED_PROXIES", "10.0.0.0/33"],
    ["TRUSTED_PROXIES", "10.0.0.0/"],
    ["TRUSTED_PROXIES", "fd00::/8/8"],
    ["BOOTSTRAP_TIME_ZONE", "+02:00"],
    ["BOOTSTRAP_TIME_ZONE", "europe/malta"],
    ["MAX_ITEMS", "0"],
    ["MAX_BODY_BYTES", "1e3x"],
    ["MAX_EVENT_BYTES", "1023"],
    ["MAX_EVENT_BYTES", "4194305"],
    ["MAX_EVENTS_IN_FLIGHT", "0"],
    ["TENANT_EVENTS_PER_SECOND", "-1"],
    ["TENANT_BURST_SECONDS", "0"],
    ["REJECTED_QUOTA", "0"],
    ["REJECTED_RETENTION_DAYS", "-1"],
    ["REJECTED_RETENTION_DAYS", "1.5"]
  ])("are refused, by name, with %s=%s", ([name, value]) =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(read({ [name]: value }))
      assert.include(error.message, name)
    }))

  it.effect("have their defaults without any, and 0 for no rate", () =>
    Effect.gen(function*() {
      const { limits, rates, rejected } = yield* read({ TENANT_EVENTS_PER_SECOND: "0" })
      assert.deepStrictEqual([limits.itemsPerRequest, rates.eventsPerSecond, rejected.quota], [10_000, 0, 100_000])
    }))
})

describe("the settings of traces", () => {
  const readTelemetry = (values: Readonly<Record<string, string>>) =>
    Effect.provide(Effect.map(telemetrySettings, (settings) => settings), ConfigProvider.layer(ConfigProvider.fromUnknown(values)))

  it.effect.each<readonly [name: string, value: string]>([
    ["OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"],
    ["OTEL_EXPORTER_OTLP_HEADERS", "authorization: secret"],
    ["OTEL_EXPORTER_OTLP_HEADERS", "authorization=secret%2"],
    ["OTEL_TRACES_SAMPLER_ARG", "1.1"],
    ["OTEL_TRACES_PER_SECOND", "0"]
  ])("are refused, by name and without a secret, with %s=%s", ([name, value]) =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(readTelemetry({ [name]: value }))
      assert.include(error.message, name)
      assert.notInclude(error.message, "secret")
    }))

  it.effect("are off without a collector, and take headers as OpenTelemetry writes them", () =>
    Effect.gen(function*() {
      for (const values of [{}, { OTEL_EXPORTER_OTLP_ENDPOINT: "" }]) assert.isUndefined((yield* readTelemetry(values)).endpoint)
      const { endpoint, headers } = yield* readTelemetry({
        OTEL_EXPORTER_OTLP_ENDPOINT: "https://collector/prefix/",
        OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20a%3D, x-scope=b=c"
      })
      assert.strictEqual(endpoint?.href, "https://collector/prefix/")
      assert.deepStrictEqual(Redacted.value(headers), { "authorization": "Bearer a=", "x-scope": "b=c" })
    }))
})
