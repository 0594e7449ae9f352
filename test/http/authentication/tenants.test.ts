import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { serverLayer } from "../../../src/App.ts"
import { Server } from "../../../src/http/Server.ts"
import { ApiKeys } from "../../../src/tenants/ApiKeys.ts"
import { Tenants } from "../../../src/tenants/Tenants.ts"
import { testSettings } from "../../cli/runCommand.ts"
import { TestDatabase } from "../../support/database/TestDatabase.ts"
import { bulkPath, request } from "../serve.ts"

/** The whole service in this process, and two tenants' keys. */
const twoTenants = Effect.gen(function*() {
  const settings = yield* testSettings
  const services = yield* Layer.build(
    serverLayer.pipe(
      Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ ...settings, PORT: "0" })))
    )
  ).pipe(Effect.provide(NodeServices.layer))
  const keyOf = Effect.fnUntraced(function*(name: string) {
    const tenant = yield* Context.get(services, Tenants).create(name, "UTC")
    const { key } = yield* Context.get(services, ApiKeys).create(tenant, "k", ["ingest", "read"])
    return Redacted.value(key)
  })
  return { url: Context.get(services, Server).url, one: yield* keyOf("one"), other: yield* keyOf("other") }
})

const documents = (user: string) => [
  `/api/v1/users/${user}/counters`,
  `/api/v1/users/${user}/counters?consistency=strong`,
  `/api/v1/users/${user}/counters?as_of=2026-01-01T00:00:00Z`,
  `/api/v1/users/${user}/counters/explain?path=logins.login_count`,
  `/api/v1/users/${user}/events`,
  `/api/v1/users/${user}/games`,
  `/api/v1/users/${user}/activity?from=2026-01-01&to=2026-01-31`
]

layer(TestDatabase.layer, { excludeTestServices: true })("a tenant's key", (it) => {
  it.effect("tells another tenant's user from one that never was in nothing: answer, headers and time", () =>
    Effect.gen(function*() {
      const { one, other, url } = yield* twoTenants
      const read = (key: string, path: string) => request(url + path, { headers: { "x-api-key": key, prefer: "wait=60" } })
      const logins = Array.from({ length: 300 }, (_, nth) => ({
        event: "realtime-login",
        data: { user_id: "known", timestamp: "2026-01-31T12:00:00Z", unique_id: `${nth}` }
      }))
      const sent = yield* request(url + bulkPath, {
        method: "POST",
        body: JSON.stringify(logins),
        headers: { "x-api-key": one, "content-type": "application/json" }
      })
      assert.strictEqual(sent.status, 204)
      assert.strictEqual((yield* read(one, documents("known")[1] ?? "")).status, 200)

      const seen = ({ headers, status, text }: Effect.Success<ReturnType<typeof read>>) => ({
        status,
        text,
        headers: [...headers].filter(([name]) => name !== "date")
      })
      for (const [nth, path] of documents("known").entries()) {
        const answer = yield* read(other, path)
        assert.deepStrictEqual(seen(answer), seen(yield* read(other, documents("nobody")[nth] ?? "")))
        assert.strictEqual(answer.status, 404, path)
      }
      const many = yield* request(`${url}/api/v1/users/counters`, {
        method: "POST",
        body: JSON.stringify({ user_ids: ["known", "nobody"] }),
        headers: { "x-api-key": other, "content-type": "application/json" }
      })
      assert.deepStrictEqual(many.json(), { users: [] })
      const page = yield* read(one, "/api/v1/users/known/events?limit=1")
      const cursor = encodeURIComponent(String(page.json()["next_cursor"]))
      assert.strictEqual((yield* read(other, `/api/v1/users/known/events?cursor=${cursor}`)).status, 400)

      const times: Record<string, Array<number>> = { known: [], nobody: [] }
      for (let round = 0; round < 150; round++) {
        for (const user of round % 2 === 0 ? ["known", "nobody"] : ["nobody", "known"]) {
          const began = performance.now()
          yield* read(other, `/api/v1/users/${user}/counters`)
          times[user]?.push(performance.now() - began)
        }
      }
      // Of the quicker ones, whom no other program came in between. What a query for 300 events
      // would take would show.
      const quartile = (user: string) => times[user]?.toSorted((a, b) => a - b)[37] ?? 0
      assert.closeTo(quartile("known") / quartile("nobody"), 1, 0.5)
    }))
})
