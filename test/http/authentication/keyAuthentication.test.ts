import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { DatabaseUnavailable } from "../../../src/database/DatabaseUnavailable.ts"
import { UnknownApiKey } from "../../../src/tenants/ApiKeys.ts"
import { Position } from "../../../src/values/Position.ts"
import { Slice } from "../../../src/values/Slice.ts"
import { UserId } from "../../../src/values/UserId.ts"
import { bulkPath, get, postBulk, request, sendRaw, serve, tenant } from "../serve.ts"

const counters = "/api/v1/users/u/counters"

describe("keyAuthentication", () => {
  it.live.each(
    [
      ["x-api-key", { "x-api-key": "key-read" }],
      ["Bearer", { authorization: "Bearer key-read" }],
      ["bearer in any case and with spaces", { authorization: "bEARER   key-read " }],
      ["x-api-key although Bearer is wrong", { "x-api-key": "key-read", authorization: "Bearer wrong" }]
    ] satisfies ReadonlyArray<readonly [string, Record<string, string>]>
  )("takes a key: %s", ([, headers]) =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      assert.strictEqual((yield* request(url + counters, { headers })).status, 200)
    }))

  it.live.each(
    [
      ["no key", {}],
      ["an unknown key", { "x-api-key": "wrong" }],
      ["a wrong x-api-key although Bearer is right", { "x-api-key": "wrong", authorization: "Bearer key-read" }],
      ["an empty x-api-key although Bearer is right", { "x-api-key": "", authorization: "Bearer key-read" }],
      ["another scheme", { authorization: "Basic key-read" }],
      ["a bare key", { authorization: "key-read" }]
    ] satisfies ReadonlyArray<readonly [string, Record<string, string>]>
  )("answers 401 with a challenge to %s", ([, headers]) =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      const answer = yield* request(url + counters, { headers })
      assert.strictEqual(answer.status, 401)
      assert.strictEqual(answer.headers.get("content-type"), "application/problem+json")
      assert.strictEqual(answer.json()["type"], "unauthenticated")
      assert.match(answer.headers.get("www-authenticate") ?? "", /^Bearer /)
    }))

  it.live("answers 403 to a key without the scope", () =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      const reading = yield* request(url + counters, { headers: { "x-api-key": "key-ingest" } })
      const ingest = yield* request(url + bulkPath, {
        method: "POST",
        body: "[]",
        headers: { "x-api-key": "key-read", "content-type": "application/json" }
      })
      for (const answer of [reading, ingest]) {
        assert.strictEqual(answer.status, 403)
        assert.strictEqual(answer.json()["type"], "forbidden")
      }
    }))

  it.live("answers 503 when keys cannot be looked up", () =>
    Effect.gen(function*() {
      const { url } = yield* serve({
        authenticate: () => Effect.fail(new DatabaseUnavailable({ operation: "secret", cause: new Error("secret") }))
      })
      const answer = yield* request(url + counters, { headers: { "x-api-key": "any" } })
      assert.strictEqual(answer.status, 503)
      assert.strictEqual(answer.json()["type"], "unavailable")
      assert.strictEqual(answer.headers.get("retry-after"), "1")
      assert.notInclude(answer.text, "secret")
    }))

  it.live("answers before any of the body has come", () =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      const answer = yield* sendRaw(
        url,
        `POST ${bulkPath} HTTP/1.1\r\nHost: x\r\nx-api-key: wrong\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n`
      )
      assert.match(answer, /^HTTP\/1\.1 401 /)
    }))

  it.live("comes before what is wrong with the parameters", () =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      assert.strictEqual((yield* request(`${url}${counters}?as_of=x`)).status, 401)
    }))

  it.live("lets no answer go that was waited for until after the key was revoked, but tells a sender what became of its batch", () =>
    Effect.gen(function*() {
      let revoked = false
      const patience = Effect.sync(() => revoked = true).pipe(Effect.andThen(Effect.sleep("60 millis")))
      const { url } = yield* serve({
        recheckAfter: 50,
        authenticate: () =>
          revoked ? Effect.fail(new UnknownApiKey()) : Effect.succeed({ tenant, keyName: "engine", scopes: new Set(["read", "ingest"]) }),
        changesAfter: (_, next) =>
          Effect.as(patience, {
            kept: undefined,
            erased: [],
            changes: [{ user_id: UserId("secret"), slice: Slice(1), position: Position(1) }],
            next
          }),
        batch: () => Effect.as(patience, { accepted: 1, duplicates: 0, rejected: [] })
      })
      const { next_cursor } = (yield* get(`${url}/api/v1/changes`)).json()
      const poll = yield* get(`${url}/api/v1/changes?cursor=${String(next_cursor)}`)
      assert.strictEqual(poll.status, 401)
      assert.notInclude(poll.text, "secret")
      revoked = false
      assert.strictEqual((yield* postBulk(url, "[{}]")).status, 204)
    }))
})
