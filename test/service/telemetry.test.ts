import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { createServer, type IncomingHttpHeaders } from "node:http"
import type { AddressInfo } from "node:net"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { readFamilies } from "../support/service/metricFamilies.ts"
import { readCounters } from "../support/service/reader.ts"
import { post, request } from "../support/service/sender.ts"
import { apiKey, startService } from "../support/service/ServiceProcess.ts"
import { until } from "../support/time/until.ts"

interface Attribute {
  readonly key: string
  readonly value: Readonly<Record<string, unknown>>
}
interface Span {
  readonly name: string
  readonly attributes: ReadonlyArray<Attribute>
}
interface Export {
  readonly resourceSpans: ReadonlyArray<{
    readonly resource: { readonly attributes: ReadonlyArray<Attribute> }
    readonly scopeSpans: ReadonlyArray<{ readonly spans: ReadonlyArray<Span> }>
  }>
}

const valuesOf = (attributes: ReadonlyArray<Attribute>) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))

/** A collector on 127.0.0.1 that keeps what it gets, and answers if it `answers`. */
const collector = (answers: boolean) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<{ readonly url: string; readonly received: Array<Received>; readonly close: () => void }>((resume) => {
        const received: Array<Received> = []
        const server = createServer((message, response) => {
          const parts: Array<Buffer> = []
          message.on("data", (part: Buffer) => parts.push(part))
          message.on("end", () => {
            received.push({ path: message.url ?? "", headers: message.headers, body: Buffer.concat(parts).toString() })
            if (answers) response.end("{}")
          })
        })
        server.listen(0, "127.0.0.1", () => {
          const close = () => {
            server.close()
            server.closeAllConnections()
          }
          resume(Effect.succeed({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received, close }))
        })
      }),
      ({ close }) => Effect.sync(close)
    ),
    ({ received, url }) => {
      const exports = () => received.map(({ body }) => JSON.parse(body) as Export)
      return {
        url,
        received,
        spans: () =>
          exports().flatMap(({ resourceSpans }) =>
            resourceSpans.flatMap(({ resource, scopeSpans }) =>
              scopeSpans.flatMap(({ spans }) =>
                spans.map(({ attributes, name }) => ({ name, about: valuesOf(attributes), of: valuesOf(resource.attributes) }))
              )
            )
          )
      }
    }
  )

interface Received {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

const secrets = ["player-of-secrets", "game-of-secrets", "EUR", apiKey, "select ", "127.0.0.1"]

const bets = (...ids: ReadonlyArray<string>) =>
  JSON.stringify({
    items: ids.map((id) => ({
      event: "realtime-casino",
      data: {
        user_id: "player-of-secrets",
        timestamp: "2026-01-31T12:00:00Z",
        unique_id: id,
        game_id: "game-of-secrets",
        round_id: "round",
        type: "bet",
        amount: 2.5,
        currency: "EUR",
        bonus_wager_amount: 0
      }
    }))
  })

layer(TestDatabase.layer, { excludeTestServices: true })("a service with a collector of traces", (it) => {
  it.effect("sends the spans of what it does, with tenant, slices and events, and nothing of a payload", () =>
    Effect.gen(function*() {
      const { received, spans, url } = yield* collector(true)
      const service = yield* startService({
        OTEL_EXPORTER_OTLP_ENDPOINT: url,
        OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20of-the-collector",
        OTEL_SERVICE_NAME: "tally of the test",
        OTEL_TRACES_PER_SECOND: "1000",
        METRICS_TENANTS: "true"
      })
      assert.strictEqual((yield* post(service.url, bets("1", "2", "3"))).status, 204)
      yield* readCounters(service.url, "player-of-secrets")
      yield* request(`${service.url}/api/v1/users/player-of-secrets/counters?as_of=nonsense`)
      const families = readFamilies((yield* request(`${service.url}/metrics`)).text)
      assert.includeMembers([...families.keys()], ["playtally_log_history", "playtally_tenant_events_total"])

      const chunk = () => spans().find(({ about, name }) => name === "ProjectionRunner.chunk" && Number(about["events"]) === 3)
      yield* until(() => chunk() !== undefined && spans().some(({ name }) => name === "Ingest.batch"))
      yield* until(() => spans().some(({ about }) => about["http.route"] === "/api/v1/users/:user_id/counters"))

      const batch = spans().find(({ name }) => name === "Ingest.batch")
      assert.match(String(batch?.about["tenant"]), /^[0-9a-f-]{36}$/)
      assert.strictEqual(Number(batch?.about["events"]), 3)
      assert.deepInclude(batch?.of, { "service.name": "tally of the test", "playtally.part": "service" })
      assert.strictEqual(chunk()?.of["playtally.part"], "projections")
      assert.isAtLeast(Number(chunk()?.about["slices"]), 1)
      for (const { body, headers, path } of received) {
        assert.strictEqual(path, "/v1/traces")
        assert.strictEqual(headers["authorization"], "Bearer of-the-collector")
        for (const secret of secrets) assert.notInclude(body, secret)
      }
      assert.notInclude(service.stderr(), "of-the-collector")
    }), 60_000)

  it.effect("serves as ever while the collector does not answer, and ends in time", () =>
    Effect.gen(function*() {
      const { received, url } = yield* collector(false)
      const service = yield* startService({ OTEL_EXPORTER_OTLP_ENDPOINT: url })
      yield* post(service.url, bets("4"))
      yield* until(() => received.length > 0)
      assert.strictEqual((yield* post(service.url, bets("5"))).status, 204)
      assert.nestedPropertyVal(yield* readCounters(service.url, "player-of-secrets"), "casino.EUR.bet_count", 5)
      yield* service.signal("SIGTERM")
      assert.deepStrictEqual(yield* service.ended, { code: 0, signal: null }, service.stderr())
    }), 60_000)
})
