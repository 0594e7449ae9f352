import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { type Consistency, ProjectionBehind, ProjectionParked } from "../../../src/counters/ConsistentReads.ts"
import { ProjectionNotBuilt } from "../../../src/counters/ProjectionNotBuilt.ts"
import { DatabaseUnavailable } from "../../../src/database/DatabaseUnavailable.ts"
import type { StoredUserEvent } from "../../../src/event-log/statements/readUserPage.ts"
import { payloadVersion } from "../../../src/fasttrack/payload.ts"
import type { Tenant } from "../../../src/tenants/Tenant.ts"
import { seededRandom } from "../../oracle/random.ts"
import { document, get, request, serve, type Stubs, tenant } from "../serve.ts"

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
        const { url } = yield* serve({ read: (_, [user = ""]) => Effect.sync(() => [{ ...document(user), position }]) })
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

describe("GET a user's events", () => {
  const recordedAt = Date.parse("2026-01-31T12:00:01.250Z")

  const stored = (position: number, more: Partial<StoredUserEvent> = {}): StoredUserEvent => ({
    slice: 3,
    position,
    eventType: "realtime-login",
    payloadVersion,
    occurredAt: Date.parse("2026-01-31T12:00:00Z") + position,
    recordedAt,
    bytes: 100,
    payload: JSON.stringify({ unique_id: `l-${position}`, entry_timestamp: null, process_timestamp: null }),
    ...more
  })

  /** A log of that many events of one user, read as the real one is. */
  const holding = (count: number): NonNullable<Stubs["readUserPage"]> => ({ before, limit, tenantId, userId }) =>
    Effect.sync(() => {
      assert.strictEqual(tenantId, tenant.tenantId)
      if (userId !== "u") return { events: [], isMore: false }
      const events = Array.from({ length: count }, (_, index) => stored(2 * (count - index))).filter(({ position }) => position < before)
      return { events: events.slice(0, limit), isMore: events.length > limit }
    })

  it.live("shows each as its sender would recognize it", () =>
    Effect.gen(function*() {
      const { url } = yield* serve({ readUserPage: holding(1) })
      const answer = yield* get(`${url}/api/v1/users/u/events`)
      assert.strictEqual(answer.status, 200)
      assert.deepStrictEqual(answer.json(), {
        events: [{
          slice: 3,
          position: 2,
          event: "realtime-login",
          data: { user_id: "u", timestamp: "2026-01-31T12:00:00.002Z", unique_id: "l-2", entry_timestamp: null, process_timestamp: null },
          occurred_at: "2026-01-31T12:00:00.002Z",
          recorded_at: "2026-01-31T12:00:01.250Z"
        }],
        next_cursor: null
      })
      const etag = answer.headers.get("etag") ?? ""
      assert.strictEqual((yield* get(`${url}/api/v1/users/u/events`, { "if-none-match": etag })).status, 304)
    }))

  it.live.each([1, 2, 3, 7, 12, 13, 50, 500])("gives all of them, newest first, page by page of %s", (limit) =>
    Effect.gen(function*() {
      const { url } = yield* serve({ readUserPage: holding(13) })
      const sizes: Array<number> = []
      const positions: Array<unknown> = []
      let cursor: unknown = undefined
      while (cursor !== null) {
        const answer = yield* get(`${url}/api/v1/users/u/events?limit=${limit}${typeof cursor === "string" ? `&cursor=${cursor}` : ""}`)
        const { events, next_cursor } = answer.json()
        assert(Array.isArray(events))
        sizes.push(events.length)
        positions.push(...events.map(({ position }) => position))
        cursor = next_cursor
      }
      assert.deepStrictEqual(positions, Array.from({ length: 13 }, (_, index) => 26 - 2 * index))
      assert.deepStrictEqual(sizes, Array.from({ length: Math.ceil(13 / limit) }, (_, page) => Math.min(limit, 13 - page * limit)))
    }))

  it.live("shows a payload as it is stored, digit by digit, and says of one that cannot be shown how large it is", () =>
    Effect.gen(function*() {
      const meta = `{"n":0.1000000000000000055511151231257827,"k":[1e2]}`
      const events = [
        stored(9, { payload: `{"unique_id":"l","meta":${meta}}` }),
        stored(8, { payload: " { } " }),
        stored(7, { payload: "{\n  }" }),
        stored(6, { payload: null, bytes: 90_000_000 }),
        stored(5, { payloadVersion: payloadVersion + 1, eventType: "realtime-tomorrow", bytes: 7 }),
        stored(4, { payload: "[1]", bytes: 3 })
      ]
      const { url } = yield* serve({ readUserPage: () => Effect.succeed({ events, isMore: false }) })
      const answer = yield* get(`${url}/api/v1/users/${encodeURIComponent("ü\"")}/events`)
      assert.include(answer.text, `"meta":${meta}}`)
      const shown = answer.json()["events"] as ReadonlyArray<Record<string, unknown>>
      const own = (position: number) => ({ user_id: "ü\"", timestamp: `2026-01-31T12:00:00.00${position}Z` })
      assert.deepStrictEqual(shown.map(({ data }) => data), [
        { ...own(9), unique_id: "l", meta: { n: 0.1, k: [100] } },
        own(8),
        own(7),
        null,
        null,
        null
      ])
      assert.deepStrictEqual(shown.map(({ bytes }) => bytes), [undefined, undefined, undefined, 90_000_000, 7, 3])
      assert.strictEqual(shown[4]?.["event"], "realtime-tomorrow")
    }))

  it.live("goes on after a page that is shorter than its limit", () =>
    Effect.gen(function*() {
      const { url } = yield* serve({
        readUserPage: ({ before }) =>
          Effect.succeed(before > 5 ? { events: [stored(5)], isMore: true } : { events: [stored(2)], isMore: false })
      })
      const first = yield* get(`${url}/api/v1/users/u/events?limit=500`)
      assert.lengthOf(first.json()["events"] as Array<unknown>, 1)
      const second = yield* get(`${url}/api/v1/users/u/events?limit=500&cursor=${first.json()["next_cursor"]}`)
      assert.deepNestedInclude(second.json(), { "events[0].position": 2, next_cursor: null })
    }))

  it.live("gives 50 a page unless told otherwise", () =>
    Effect.gen(function*() {
      const { url } = yield* serve({ readUserPage: holding(60) })
      assert.strictEqual(((yield* get(`${url}/api/v1/users/u/events?consistency=strong`)).json()["events"] as Array<unknown>).length, 50)
    }))

  it.live.each([
    "limit=0",
    "limit=501",
    "limit=-1",
    "limit=1.5",
    "limit=1e1",
    "limit=",
    "limit=ten",
    "limit=1&limit=2",
    "cursor=",
    "cursor=AAAA",
    "consistency=x",
    "as_of=x"
  ])(
    "answers 400 to %s, naming it",
    (query) =>
      Effect.gen(function*() {
        const { url } = yield* serve({ readUserPage: holding(13) })
        const answer = yield* get(`${url}/api/v1/users/u/events?${query}`)
        assert.strictEqual(answer.status, 400)
        assert.strictEqual(answer.json()["type"], "invalid-request")
        assert.deepNestedInclude(answer.json(), { "issues[0].path": ["query", query.replace(/=.*/, "")] })
      })
  )

  it.live("answers 400 to another user's cursor", () =>
    Effect.gen(function*() {
      const { url } = yield* serve({ readUserPage: holding(13) })
      const cursor = (yield* get(`${url}/api/v1/users/u/events?limit=1`)).json()["next_cursor"]
      assert.strictEqual((yield* get(`${url}/api/v1/users/v/events?cursor=${cursor}`)).status, 400)
    }))

  it.live("answers 404 for a user without events", () =>
    Effect.gen(function*() {
      const { url } = yield* serve({ readUserPage: holding(13) })
      const answer = yield* get(`${url}/api/v1/users/v/events`)
      assert.deepStrictEqual([answer.status, answer.json()["type"]], [404, "user-not-found"])
    }))

  it.live("answers 503 when the log cannot be read", () =>
    Effect.gen(function*() {
      const { logged, url } = yield* serve({
        readUserPage: () => Effect.fail(new DatabaseUnavailable({ operation: "EventLog.readUserPage", cause: new Error("secret") }))
      })
      const answer = yield* get(`${url}/api/v1/users/u/events`)
      assert.deepStrictEqual([answer.status, answer.json()["type"]], [503, "unavailable"])
      assert.notInclude(answer.text, "secret")
      assert.strictEqual(logged.length, 1)
    }))
})
