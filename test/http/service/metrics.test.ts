import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { unmeasured } from "../../../src/projections/runner/LagMonitor.ts"
import type { Tenant } from "../../../src/tenants/Tenant.ts"
import { mostTenants } from "../../../src/tenants/TenantMetrics.ts"
import { Position } from "../../../src/values/Position.ts"
import { Slice } from "../../../src/values/Slice.ts"
import { TenantId } from "../../../src/values/TenantId.ts"
import { get, postBulk, ready, request, serve, tenant } from "../serve.ts"

const value = (text: string, name: string) => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1])

describe("GET /metrics", () => {
  it.live("answers what is there in Prometheus' format, without anything of the tenant", () =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      const answer = yield* request(`${url}/metrics`)
      assert.strictEqual(answer.status, 200)
      assert.match(answer.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/)
      for (const line of answer.text.trimEnd().split("\n")) assert.match(line, /^(?:# (?:HELP|TYPE) \w+ .+|\w+(?:\{[^}]*\})? \S+)$/)
      assert.strictEqual(value(answer.text, "playtally_active_processors"), 5)
      assert.strictEqual(value(answer.text, "playtally_projection_lag_events"), 12)
      assert.strictEqual(value(answer.text, "playtally_projection_lag_seconds"), 3)
      assert.strictEqual(value(answer.text, "playtally_projection_running"), 1)
      assert.strictEqual(value(answer.text, "playtally_in_flight_bytes"), 0)
      assert.strictEqual(value(answer.text, "playtally_events_in_flight"), 0)
      assert.isAbove(value(answer.text, "process_resident_memory_bytes"), 1_000_000)
      assert.notInclude(answer.text, "tenant-1")
    }))

  it.live("has no number for a lag that was not measured yet", () =>
    Effect.gen(function*() {
      const { url } = yield* serve({
        status: () => ({ versions: [], running: true, gaps: [{ slice: Slice(3), position: Position(7) }], ...unmeasured })
      })
      const { text } = yield* request(`${url}/metrics`)
      for (const name of ["projection_lag_events", "projection_lag_seconds", "ranking_lag_events", "ranking_lag_seconds"]) {
        assert.include(text, `\nplaytally_${name} NaN\n`)
      }
      assert.strictEqual(value(text, "playtally_log_gaps"), 1)
      assert.strictEqual(value(text, "playtally_projection_running"), 1)
    }))

  const countOf = (text: string, labels: string) => value(text, `playtally_http_request_duration_seconds_count\\{${labels}\\}`) || 0

  it.live("counts and times requests by endpoint and class of status, and names no path of a request", () =>
    Effect.gen(function*() {
      const { url } = yield* serve({ read: () => Effect.die("broken") })
      const bulk = "method=\"POST\",route=\"/api/v1/integrations/fasttrack/bulk\""
      const counters = "method=\"GET\",route=\"/api/v1/users/:user_id/counters\""
      const series = [
        `${bulk},status="2xx"`,
        `${bulk},status="4xx"`,
        `${counters},status="5xx"`,
        `${counters},status="4xx"`,
        `method="other",route="other",status="4xx"`
      ]
      const count = Effect.map(request(`${url}/metrics`), ({ text }) => series.map((labels) => countOf(text, labels)))
      const before = yield* count
      yield* postBulk(url, "[]")
      yield* request(`${url}/nothing`)
      yield* request(`${url}/api/v1/users/secret/nothing`)
      yield* postBulk(url, "{")
      yield* get(`${url}/api/v1/users/secret;of/counters`)
      yield* request(`${url}/api/v1/users/secret/counters`, { headers: { "x-api-key": "unknown" } })
      const after = yield* count
      assert.deepStrictEqual(after.map((number, index) => number - (before[index] ?? 0)), [1, 1, 1, 1, 2])
      const { text } = yield* request(`${url}/metrics`)
      assert.notInclude(text, "secret")
      assert.match(text, /^playtally_http_request_duration_seconds_bucket\{.+,le="0\.25"\} \d+$/m)
    }))

  it.live("says whether the database answers and for what the process is ready", () =>
    Effect.gen(function*() {
      const checks = { ...ready, writable: false }
      const { url } = yield* serve({ checks: () => checks })
      const { text } = yield* request(`${url}/metrics`)
      const numbers = ["playtally_database_up", "playtally_ready\\{purpose=\"ingestion\"\\}", "playtally_ready\\{purpose=\"reading\"\\}"]
      assert.deepStrictEqual(numbers.map((name) => value(text, name)), [1, 0, 1])
    }))

  it.live("counts the open connections, beside their limit", () =>
    Effect.gen(function*() {
      const { url } = yield* serve({ settings: { MAX_CONNECTIONS: "77" } })
      const { text } = yield* request(`${url}/metrics`)
      assert.isAtLeast(value(text, "playtally_http_connections"), 1)
      assert.strictEqual(value(text, "playtally_http_connections_limit"), 77)
    }))
})

describe("GET /metrics by tenant", () => {
  const named = (text: string) => [...text.matchAll(/^playtally_tenant_requests_total\{tenant="([^"]*)"\} (\d+)$/gm)]
  const tenantOf = (nth: number): Tenant => ({ ...tenant, tenantId: TenantId(`id ${nth}`), name: `brand ${nth}` })
  const authenticate = (key: Redacted.Redacted) =>
    Effect.succeed({ tenant: tenantOf(Number(Redacted.value(key))), keyName: "", scopes: new Set(["ingest", "read"] as const) })

  it.live("names no tenant unless that is set", () =>
    Effect.gen(function*() {
      const { url } = yield* serve({ authenticate })
      yield* request(`${url}/api/v1/users/u/counters`, { headers: { "x-api-key": "1" } })
      assert.notInclude((yield* request(`${url}/metrics`)).text, "playtally_tenant")
    }))

  it.live("counts the requests of so many tenants by name, and of all others together", () =>
    Effect.gen(function*() {
      const { url } = yield* serve({ authenticate, settings: { METRICS_TENANTS: "true" } })
      for (const nth of Array.from({ length: mostTenants + 3 }, (_, index) => index)) {
        yield* request(`${url}/api/v1/users/u/counters`, { headers: { "x-api-key": `${nth}` } })
      }
      yield* request(`${url}/api/v1/users/u/counters`, { headers: { "x-api-key": "0" } })
      const { text } = yield* request(`${url}/metrics`)
      assert.deepStrictEqual(
        named(text).map(([, name]) => name).sort(),
        Array.from({ length: mostTenants }, (_, nth) => `brand ${nth}`).sort()
      )
      assert.strictEqual(named(text).find(([, name]) => name === "brand 0")?.[2], "2")
      assert.strictEqual(value(text, "playtally_tenant_requests_total"), 3)
    }))
})
