import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { type Consistency, ProjectionBehind, ProjectionParked } from "../../../src/counters/ConsistentReads.ts"
import { DatabaseUnavailable } from "../../../src/database/DatabaseUnavailable.ts"
import type { Tenant } from "../../../src/tenants/Tenant.ts"
import { document, request, serve, type Stubs, tenant } from "../serve.ts"

interface Reading {
  readonly tenant: Tenant
  readonly userIds: ReadonlyArray<string>
  readonly sections: ReadonlyArray<string>
  readonly areNamed?: boolean
  readonly consistency: Consistency
}

/** Answers every user's document and notes what was asked for. */
const noting = () => {
  const readings: Array<Reading> = []
  const read: Stubs["read"] = (tenant, userIds, options) =>
    Effect.sync(() => {
      readings.push({ tenant, userIds, ...options })
      return userIds.map(document)
    })
  return { readings, read }
}

const allSections = ["casino", "payments", "logins"]

const post = (url: string, body: string, headers: Record<string, string> = {}, query = "") =>
  request(`${url}/api/v1/users/counters${query}`, {
    method: "POST",
    body,
    headers: { "x-api-key": "key-all", "content-type": "application/json", ...headers }
  })

const refusals = [
  [new ProjectionBehind({ waited: 5 }), "projection-behind"],
  [new ProjectionParked({ userId: "u", projections: ["casino"] }), "projection-parked"],
  [new DatabaseUnavailable({ operation: "secret", cause: new Error("secret") }), "unavailable"]
] as const

describe("POST the counters of users", () => {
  it.live("answers the documents in the order asked, a user named twice once", () =>
    Effect.gen(function*() {
      const { read, readings } = noting()
      const { url } = yield* serve({ read })
      const answer = yield* post(url, JSON.stringify({ user_ids: ["b", "a", "b", "\u{10000}"] }), {}, "?consistency=strong")
      assert.strictEqual(answer.status, 200)
      assert.strictEqual(answer.headers.get("content-type"), "application/json")
      assert.strictEqual(answer.text, JSON.stringify({ users: ["b", "a", "\u{10000}"].map(document) }))
      assert.deepStrictEqual(readings, [{
        tenant,
        userIds: ["b", "a", "\u{10000}"],
        sections: allSections,
        areNamed: false,
        consistency: { _tag: "Strong", waitSeconds: 5 }
      }])
    }))

  it.live("answers the sections that are named, and none without them", () =>
    Effect.gen(function*() {
      const { read, readings } = noting()
      const { url } = yield* serve({ read })
      assert.strictEqual((yield* post(url, "{\"user_ids\": [\"a\"]}", {}, "?include=logins,casino")).status, 200)
      assert.deepNestedInclude(readings[0], { sections: ["casino", "logins"], areNamed: true })
    }))

  it.live("takes 500 of the longest ids, written as long as can be", () =>
    Effect.gen(function*() {
      const { read, readings } = noting()
      const { url } = yield* serve({ read })
      const ids = Array.from({ length: 500 }, (_, index) => String.fromCodePoint(0x10000 + index).repeat(256))
      const escaped = JSON.stringify({ user_ids: ids }).replace(/[\ud800-\udfff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16)}`)
      assert.strictEqual((yield* post(url, escaped)).status, 200)
      assert.deepStrictEqual(readings[0]?.userIds, ids)
    }))

  it.live.each(
    [
      ["malformed-json", "{"],
      ["invalid-request", "[]"],
      ["invalid-request", "null"],
      ["invalid-request", "{}"],
      ["invalid-request", "{\"user_ids\": []}"],
      ["invalid-request", "{\"user_ids\": \"u\"}"],
      ["invalid-request", "{\"user_ids\": [1]}"],
      ["invalid-request", "{\"user_ids\": [\"\"]}"],
      ["invalid-request", "{\"user_ids\": [\"\\ud800\"]}"],
      ["invalid-request", "{\"user_ids\": [\"\\u0000\"]}"],
      ["invalid-request", "{\"user_ids\": [\"u\"], \"include\": \"logins\"}"],
      ["invalid-request", JSON.stringify({ user_ids: Array.from({ length: 501 }, () => "u") })],
      ["invalid-request", JSON.stringify({ user_ids: ["x".repeat(257)] })]
    ] satisfies ReadonlyArray<readonly [string, string]>
  )("answers 400 %s to %s", ([type, body]) =>
    Effect.gen(function*() {
      const { url } = yield* serve({ read: () => Effect.die("read") })
      const answer = yield* post(url, body)
      assert.strictEqual(answer.status, 400)
      assert.strictEqual(answer.headers.get("content-type"), "application/problem+json")
      assert.strictEqual(answer.json()["type"], type)
    }))

  it.live("answers 400 to an unknown parameter, 415 and 413 to a body it does not take", () =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      const body = "{\"user_ids\": [\"u\"]}"
      assert.strictEqual((yield* post(url, body, {}, "?includes=logins")).status, 400)
      assert.strictEqual((yield* post(url, body, {}, "?include=nothing")).status, 400)
      assert.strictEqual((yield* post(url, body, { "content-type": "text/plain" })).status, 415)
      assert.strictEqual((yield* post(url, body.padEnd(3_000_000))).status, 413)
    }))

  it.live.each(refusals)("answers 503 to %s", ([error, type]) =>
    Effect.gen(function*() {
      const { url } = yield* serve({ read: () => Effect.fail(error) })
      const answer = yield* post(url, "{\"user_ids\": [\"u\"]}")
      assert.deepStrictEqual([answer.status, answer.json()["type"]], [503, type])
    }))
})
