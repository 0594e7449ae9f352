import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { DatabaseUnavailable } from "../../../src/database/DatabaseUnavailable.ts"
import type { StoredUserEvent } from "../../../src/event-log/statements/readUserPage.ts"
import { payloadVersion } from "../../../src/fasttrack/payload.ts"
import { Position } from "../../../src/values/Position.ts"
import { Slice } from "../../../src/values/Slice.ts"
import { get, serve, type Stubs, tenant } from "../serve.ts"

describe("GET a user's events", () => {
  const recordedAt = Date.parse("2026-01-31T12:00:01.250Z")

  const stored = (position: number, more: Partial<StoredUserEvent> = {}): StoredUserEvent => ({
    slice: Slice(3),
    position: Position(position),
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
