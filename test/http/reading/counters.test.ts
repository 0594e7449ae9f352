import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { type Consistency, ProjectionBehind, ProjectionParked } from "../../../src/counters/ConsistentReads.ts"
import { ProjectionNotBuilt } from "../../../src/counters/ProjectionNotBuilt.ts"
import { DatabaseUnavailable } from "../../../src/database/DatabaseUnavailable.ts"
import { InFuture } from "../../../src/event-log/UserHistory.ts"
import type { Tenant } from "../../../src/tenants/Tenant.ts"
import { Position } from "../../../src/values/Position.ts"
import { UserId } from "../../../src/values/UserId.ts"
import { seededRandom } from "../../oracle/random.ts"
import { document, get, serve, type Stubs, tenant } from "../serve.ts"

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

const refusals = [
  [new ProjectionBehind({ waited: 5 }), "projection-behind"],
  [new ProjectionParked({ userId: UserId("u"), projections: ["casino"] }), "projection-parked"],
  [new DatabaseUnavailable({ operation: "secret", cause: new Error("secret") }), "unavailable"]
] as const

const unavailable = new DatabaseUnavailable({ operation: "secret", cause: new Error("secret") })

describe("GET a user's counters", () => {
  it.live("says which projections were never built, what the operator runs, and nothing that has the reader try again", () =>
    Effect.gen(function*() {
      const { logged, url } = yield* serve({ read: () => Effect.fail(new ProjectionNotBuilt({ projections: ["payments", "logins"] })) })
      const answer = yield* get(`${url}/api/v1/users/u/counters?include=payments,logins`)
      assert.strictEqual(answer.status, 409)
      assert.isNull(answer.headers.get("retry-after"))
      assert.deepInclude(answer.json(), { type: "projection-not-built", projections: ["payments", "logins"] })
      assert.include(answer.json()["detail"], "projections rebuild payments logins")
      assert.isEmpty(logged)
    }))

  it.live("answers the document as it is read, its members in their order", () =>
    Effect.gen(function*() {
      const { read, readings } = noting()
      const { url } = yield* serve({ read })
      const answer = yield* get(`${url}/api/v1/users/u/counters`)
      assert.strictEqual(answer.status, 200)
      assert.strictEqual(answer.headers.get("content-type"), "application/json")
      assert.strictEqual(answer.text, JSON.stringify(document("u")))
      assert.deepStrictEqual(readings, [{
        tenant,
        userIds: ["u"],
        sections: allSections,
        areNamed: false,
        consistency: { _tag: "Eventual" }
      }])
    }))

  it.live("takes any user id, percent-encoded", () =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      const random = seededRandom(2)
      const pieces = [
        "a",
        "Z",
        "0",
        "%",
        "25",
        "%2F",
        "/",
        "?",
        "#",
        ";",
        "é",
        "İ",
        "ẞ",
        "😀",
        "+",
        " ",
        "&",
        "=",
        "@",
        ":",
        ",",
        "\u0001",
        "\\",
        "counters"
      ]
      const ids = Array.from({ length: 300 }, () => Array.from({ length: 1 + random.below(6) }, () => random.pick(pieces)).join(""))
      // 256 characters of four bytes are as long as it gets.
      for (const id of [...ids, "😀".repeat(256)]) {
        const answer = yield* get(`${url}/api/v1/users/${encodeURIComponent(id)}/counters`)
        assert.strictEqual(answer.json()["user_id"], id)
      }
      assert.strictEqual((yield* get(`${url}/api/v1/users/a;b:c@d+e,f=g/counters`)).json()["user_id"], "a;b:c@d+e,f=g")
    }))

  it.live.each(["x".repeat(257), "😀".repeat(257), "%00", "a%00b", ""])(
    "answers 400 to a user id that cannot be one: %s",
    (id) =>
      Effect.gen(function*() {
        const { url } = yield* serve()
        const answer = yield* get(`${url}/api/v1/users/${id.includes("%") ? id : encodeURIComponent(id)}/counters`)
        assert.strictEqual(answer.status, 400)
        assert.strictEqual(answer.json()["type"], "invalid-request")
        assert.deepNestedInclude(answer.json(), { "issues[0].path": ["path", "user_id"] })
      })
  )

  it.live("reads only the sections asked for, in the order of the document", () =>
    Effect.gen(function*() {
      const { read, readings } = noting()
      const { url } = yield* serve({ read })
      yield* get(`${url}/api/v1/users/u/counters?include=logins,casino,logins`)
      yield* get(`${url}/api/v1/users/u/counters?include=logins%2Cpayments`)
      assert.deepStrictEqual(
        readings.map(({ areNamed, sections }) => [areNamed, sections]),
        [[true, ["casino", "logins"]], [true, ["payments", "logins"]]]
      )
    }))

  it.live.each([
    "include=nope",
    "include=casino,",
    "include=",
    "include=casino&include=logins",
    "consistency=STRONG",
    "consistency=",
    "as_of=x",
    "as_of=",
    "as_of=2026-02-30T00:00:00Z",
    "as_of=2026-01-01",
    "as_of=2026-01-01T00:00:00Z&as_of=2026-01-01T00:00:00Z",
    "Include=casino",
    "x"
  ])("answers 400 to %s, naming it", (query) =>
    Effect.gen(function*() {
      const { url } = yield* serve({ read: () => Effect.die("read") })
      const answer = yield* get(`${url}/api/v1/users/u/counters?${query}`)
      assert.strictEqual(answer.status, 400)
      assert.strictEqual(answer.headers.get("content-type"), "application/problem+json")
      assert.strictEqual(answer.json()["type"], "invalid-request")
      assert.deepNestedInclude(answer.json(), { "issues[0].path": ["query", query.replace(/=.*/, "")] })
    }))

  it.live.each(
    [
      ["eventual", undefined, { _tag: "Eventual" }, null],
      ["eventual", "wait=9", { _tag: "Eventual" }, null],
      ["strong", undefined, { _tag: "Strong", waitSeconds: 5 }, null],
      ["strong", "handling=strict, Wait = \"9\"", { _tag: "Strong", waitSeconds: 9 }, "wait=9"],
      ["strong", "wait=0", { _tag: "Strong", waitSeconds: 0 }, "wait=0"],
      ["strong", "wait=61", { _tag: "Strong", waitSeconds: 60 }, "wait=60"],
      ["strong", "wait=99999999999999999999", { _tag: "Strong", waitSeconds: 60 }, "wait=60"],
      ["strong", "wait=-1", { _tag: "Strong", waitSeconds: 5 }, null],
      ["strong", "wait=soon", { _tag: "Strong", waitSeconds: 5 }, null]
    ] satisfies ReadonlyArray<readonly [string, string | undefined, Consistency, string | null]>
  )("consistency %s, Prefer %s", ([consistency, prefer, expected, applied]) =>
    Effect.gen(function*() {
      const { read, readings } = noting()
      const { url } = yield* serve({ read })
      const answer = yield* get(`${url}/api/v1/users/u/counters?consistency=${consistency}`, prefer === undefined ? {} : { prefer })
      assert.deepStrictEqual(readings[0]?.consistency, expected)
      assert.strictEqual(answer.headers.get("preference-applied"), applied)
    }))

  it.live("answers 404 for a user without events", () =>
    Effect.gen(function*() {
      const { url } = yield* serve({ read: () => Effect.succeed([]) })
      const answer = yield* get(`${url}/api/v1/users/u/counters`, { "if-none-match": "*" })
      assert.strictEqual(answer.status, 404)
      assert.strictEqual(answer.headers.get("content-type"), "application/problem+json")
      assert.strictEqual(answer.json()["type"], "user-not-found")
    }))

  it.live.each(refusals)("answers 503 to %s", ([error, type]) =>
    Effect.gen(function*() {
      const { logged, url } = yield* serve({ read: () => Effect.fail(error) })
      const answer = yield* get(`${url}/api/v1/users/u/counters?consistency=strong`)
      assert.strictEqual(answer.status, 503)
      assert.strictEqual(answer.headers.get("content-type"), "application/problem+json")
      assert.strictEqual(answer.headers.get("retry-after"), "1")
      assert.strictEqual(answer.json()["type"], type)
      assert.notInclude(answer.text, "secret")
      assert.strictEqual(logged.length, 1)
      assert.deepInclude(logged[0]?.annotations, { "http.path": "/api/v1/users/u/counters", "problem.type": type })
    }))

  describe("If-None-Match", () => {
    it.live("is answered 304 without a body exactly while the document is the same", () =>
      Effect.gen(function*() {
        let position = 1
        const { url } = yield* serve({ read: (_, [user = ""]) => Effect.sync(() => [{ ...document(user), position: Position(position) }]) })
        const path = `${url}/api/v1/users/u/counters`
        const first = yield* get(path)
        const etag = first.headers.get("etag") ?? ""
        assert.match(etag, /^"[\w-]{20,}"$/)
        for (const same of [etag, `"other", W/${etag}`, ` ${etag} , "x"`, "*"]) {
          const answer = yield* get(path, { "if-none-match": same })
          assert.deepStrictEqual([answer.status, answer.text, answer.headers.get("etag")], [304, "", etag])
        }
        for (const other of ["\"other\"", etag.replaceAll("\"", ""), "\"\"", "*, x"]) {
          assert.strictEqual((yield* get(path, { "if-none-match": other })).status, 200, other)
        }
        position = 2
        const changed = yield* get(path, { "if-none-match": etag })
        assert.strictEqual(changed.status, 200)
        assert.notStrictEqual(changed.headers.get("etag"), etag)
      }))
  })
})

describe("GET a user's counters as of a time", () => {
  const path = "/api/v1/users/u/counters"

  it.live("reads the past, and only that", () =>
    Effect.gen(function*() {
      const readings: Array<unknown> = []
      const { url } = yield* serve({
        read: () => Effect.die("the present"),
        readAsOf: (tenant, userId, options) => Effect.sync(() => (readings.push({ tenant, userId, ...options }), document(userId)))
      })
      const answer = yield* get(`${url}${path}?as_of=2026-01-31T12:00:00.25Z`)
      assert.strictEqual(answer.status, 200)
      assert.strictEqual(answer.text, JSON.stringify(document("u")))
      const again = yield* get(`${url}${path}?as_of=2026-01-31T12:00:00.250Z`, { "if-none-match": answer.headers.get("etag") ?? "" })
      assert.deepStrictEqual([again.status, again.text], [304, ""])
      yield* get(`${url}${path}?as_of=2026-01-31%2013:30:00%2B01:30&include=logins,casino&consistency=strong`)
      const sections = ["casino", "payments", "logins"]
      const instant = Date.parse("2026-01-31T12:00:00Z")
      assert.deepStrictEqual(readings, [
        { tenant, userId: "u", instant: instant + 250, sections, areNamed: false },
        { tenant, userId: "u", instant: instant + 250, sections, areNamed: false },
        { tenant, userId: "u", instant, sections: ["casino", "logins"], areNamed: true }
      ])
    }))

  it.live("answers 404 before the user's first event", () =>
    Effect.gen(function*() {
      const { url } = yield* serve({ readAsOf: () => Effect.undefined })
      const answer = yield* get(`${url}${path}?as_of=2026-01-31T12:00:00Z`)
      assert.deepStrictEqual([answer.status, answer.json()["type"]], [404, "user-not-found"])
    }))

  it.live("answers 400 to the future, naming the parameter", () =>
    Effect.gen(function*() {
      const { url } = yield* serve({ readAsOf: () => Effect.fail(new InFuture()) })
      const answer = yield* get(`${url}${path}?as_of=2200-01-31T12:00:00Z`)
      assert.strictEqual(answer.status, 400)
      assert.deepInclude(answer.json(), {
        type: "invalid-request",
        issues: [{ path: ["query", "as_of"], message: "It lies in the future." }]
      })
    }))

  it.live("shows a section that stopped, unless all of it is insisted on", () =>
    Effect.gen(function*() {
      const { url } = yield* serve({ readAsOf: (_, userId) => Effect.succeed({ ...document(userId), stale: ["casino"] }) })
      const eventual = yield* get(`${url}${path}?as_of=2026-01-31T12:00:00Z`)
      assert.strictEqual(eventual.status, 200)
      assert.deepStrictEqual(eventual.json()["stale"], ["casino"])
      const strong = yield* get(`${url}${path}?as_of=2026-01-31T12:00:00Z&consistency=strong`)
      assert.strictEqual(strong.status, 503)
      assert.deepInclude(strong.json(), { type: "projection-parked", user_id: UserId("u"), projections: ["casino"] })
    }))

  it.live("answers 503 when the log cannot be read", () =>
    Effect.gen(function*() {
      const { logged, url } = yield* serve({ readAsOf: () => Effect.fail(unavailable) })
      const answer = yield* get(`${url}${path}?as_of=2026-01-31T12:00:00Z`)
      assert.deepStrictEqual([answer.status, answer.json()["type"], answer.headers.get("retry-after")], [503, "unavailable", "1"])
      assert.notInclude(answer.text, "secret")
      assert.strictEqual(logged.length, 1)
    }))
})
