import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { ProjectionParked } from "../../../src/counters/ConsistentReads.ts"
import { CounterNotFound, type Explained, NoSuchCounter } from "../../../src/counters/history/Explanation.ts"
import { HistoryTooLarge, HistoryUnfinished } from "../../../src/counters/history/Histories.ts"
import { DatabaseUnavailable } from "../../../src/database/DatabaseUnavailable.ts"
import type { RecordedEvent } from "../../../src/event-log/RecordedEvent.ts"
import { Position } from "../../../src/values/Position.ts"
import { Slice } from "../../../src/values/Slice.ts"
import { UserId } from "../../../src/values/UserId.ts"
import { bet } from "../../support/events/events.ts"
import { get, serve, type Stubs, tenant } from "../serve.ts"

const unavailable = new DatabaseUnavailable({ operation: "secret", cause: new Error("secret") })

describe("GET why a user's counter is what it is", () => {
  const path = "/api/v1/users/u/counters/explain"

  const logged = (position: number): RecordedEvent => ({
    slice: Slice(3),
    position: Position(position),
    tenantId: tenant.tenantId,
    userId: UserId("u"),
    recordedAt: Date.UTC(2026, 0, 1, 0, 0, 2),
    event: bet({ user_id: UserId("u"), unique_id: `bet-${position}`, amount: "2.5", at: "2026-01-01T00:00:00Z" })
  })

  /** A log of that many bets of 2.5, at every other position. */
  const bets = (count: number): NonNullable<Stubs["explain"]> => (_, userId, { after, limit, path }) => {
    if (userId !== "u") return Effect.undefined
    const all = Array.from({ length: count }, (_, index) => ({
      logged: logged(2 * index + 2),
      contribution: "2.5",
      value: String(2.5 * (index + 1))
    }))
    const left = all.filter(({ logged }) => logged.position > after)
    const explained: Explained = {
      path,
      kind: "amount",
      value: String(2.5 * count),
      slice: Slice(3),
      position: Position(99),
      contributions: left.slice(0, limit),
      isMore: left.length > limit
    }
    return Effect.succeed(explained)
  }

  it.live("shows each event as its sender would recognize it, with what it did", () =>
    Effect.gen(function*() {
      const { url } = yield* serve({ explain: bets(1) })
      const answer = yield* get(`${url}${path}?path=casino.EUR.bet_amount`)
      assert.strictEqual(answer.status, 200)
      assert.deepStrictEqual(answer.json(), {
        path: "casino.EUR.bet_amount",
        value: "2.5",
        position: 99,
        contributions: [{
          slice: 3,
          position: 2,
          event: "realtime-casino",
          data: { user_id: "u", timestamp: "2026-01-01T00:00:00.000Z", ...logged(2).event.data },
          occurred_at: "2026-01-01T00:00:00.000Z",
          recorded_at: "2026-01-01T00:00:02.000Z",
          contribution: "2.5",
          value: "2.5"
        }],
        next_cursor: null
      })
      const etag = answer.headers.get("etag") ?? ""
      assert.strictEqual((yield* get(`${url}${path}?path=casino.EUR.bet_amount`, { "if-none-match": etag })).status, 304)
    }))

  it.live("hands a path on as it was written", () =>
    Effect.gen(function*() {
      const { url } = yield* serve({ explain: bets(1) })
      const paths = ["casino.A~1B.ggr", "casino.€ %2F&=#.ggr", "casino.😀~0.ggr", "", "casino.+.ggr"]
      for (const asked of paths) {
        assert.strictEqual((yield* get(`${url}${path}?path=${encodeURIComponent(asked)}`)).json()["path"], asked)
      }
    }))

  it.live.each([1, 2, 5, 12, 13, 14, 500])("gives all of them, oldest first, page by page of %s", (limit) =>
    Effect.gen(function*() {
      const { url } = yield* serve({ explain: bets(13) })
      const pages: Array<ReadonlyArray<{ readonly position: number }>> = []
      let cursor: unknown = undefined
      while (cursor !== null) {
        const query = `path=casino.EUR.ggr&limit=${limit}${typeof cursor === "string" ? `&cursor=${cursor}` : ""}`
        const { contributions, next_cursor } = (yield* get(`${url}${path}?${query}`)).json()
        assert(Array.isArray(contributions))
        pages.push(contributions)
        cursor = next_cursor
      }
      assert.deepStrictEqual(pages.flat().map(({ position }) => position), Array.from({ length: 13 }, (_, index) => 2 * index + 2))
      assert.strictEqual(pages.length, Math.ceil(13 / limit))
    }))

  it.live("gives 50 a page unless told otherwise", () =>
    Effect.gen(function*() {
      const { url } = yield* serve({ explain: bets(60) })
      const { contributions } = (yield* get(`${url}${path}?path=casino.EUR.ggr&consistency=strong`)).json()
      assert.strictEqual((contributions as ReadonlyArray<unknown>).length, 50)
    }))

  it.live.each([
    ["path", ""],
    ["path", "path=a&path=b"],
    ["limit", "path=casino.EUR.ggr&limit=0"],
    ["limit", "path=casino.EUR.ggr&limit=501"],
    ["limit", "path=casino.EUR.ggr&limit=x"],
    ["cursor", "path=casino.EUR.ggr&cursor="],
    ["cursor", "path=casino.EUR.ggr&cursor=AAAA"],
    ["consistency", "path=casino.EUR.ggr&consistency=x"],
    ["as_of", "path=casino.EUR.ggr&as_of=2026-01-01T00:00:00Z"]
  ])("answers 400 naming %s to ?%s", ([name, query]) =>
    Effect.gen(function*() {
      const { url } = yield* serve({ explain: bets(13) })
      const answer = yield* get(`${url}${path}?${query}`)
      assert.strictEqual(answer.status, 400)
      assert.strictEqual(answer.json()["type"], "invalid-request")
      assert.deepNestedInclude(answer.json(), { "issues[0].path": ["query", name] })
    }))

  it.live("answers 400 to a cursor of another path, of another user, or of events", () =>
    Effect.gen(function*() {
      const { url } = yield* serve({
        explain: bets(13),
        readUserPage: ({ limit }) =>
          Effect.succeed({
            events: [8, 6, 4, 2].slice(0, limit).map((position) => ({
              slice: Slice(3),
              position: Position(position),
              eventType: "realtime-casino",
              payloadVersion: 1,
              occurredAt: 0,
              recordedAt: 0,
              bytes: 2,
              payload: "{}"
            })),
            isMore: limit < 4
          })
      })
      const cursor = (yield* get(`${url}${path}?path=casino.EUR.ggr&limit=1`)).json()["next_cursor"]
      const ofEvents = (yield* get(`${url}/api/v1/users/u/events?limit=1`)).json()["next_cursor"]
      assert.strictEqual((yield* get(`${url}${path}?path=casino.EUR.ggr&cursor=${cursor}`)).status, 200)
      for (
        const asked of [
          `${path}?path=casino.EUR.bet_amount&cursor=${cursor}`,
          `/api/v1/users/v/counters/explain?path=casino.EUR.ggr&cursor=${cursor}`,
          `${path}?path=casino.EUR.ggr&cursor=${ofEvents}`,
          `/api/v1/users/u/events?cursor=${cursor}`
        ]
      ) assert.strictEqual((yield* get(url + asked)).status, 400, asked)
    }))

  it.live.each(
    [
      [400, "invalid-request", () => Effect.fail(new NoSuchCounter({ message: "It begins with one of casino." }))],
      [404, "counter-not-found", () => Effect.fail(new CounterNotFound({ path: "casino.USD.ggr" }))],
      [404, "user-not-found", () => Effect.undefined],
      [422, "history-too-large", () => Effect.fail(new HistoryTooLarge({ limit: 1 }))],
      [503, "history-unfinished", () => Effect.fail(new HistoryUnfinished({ read: 5, position: Position(9) }))],
      [503, "projection-parked", () => Effect.fail(new ProjectionParked({ userId: UserId("u"), projections: ["casino"] }))],
      [503, "unavailable", () => Effect.fail(unavailable)]
    ] satisfies ReadonlyArray<readonly [number, string, NonNullable<Stubs["explain"]>]>
  )("answers %s %s", ([status, type, explain]) =>
    Effect.gen(function*() {
      const { logged, url } = yield* serve({ explain })
      const answer = yield* get(`${url}${path}?path=casino.USD.ggr`)
      assert.deepStrictEqual([answer.status, answer.json()["type"]], [status, type])
      assert.strictEqual(answer.headers.get("content-type"), "application/problem+json")
      assert.notInclude(answer.text, "secret")
      assert.strictEqual(logged.length, status === 503 ? 1 : 0)
      if (type === "invalid-request") {
        assert.deepInclude(answer.json(), { issues: [{ path: ["query", "path"], message: "It begins with one of casino." }] })
      }
    }))

  it.live("needs a key with the scope read", () =>
    Effect.gen(function*() {
      const { url } = yield* serve({ explain: () => Effect.die("read") })
      const status = (key: string) => Effect.map(get(`${url}${path}?path=casino.EUR.ggr`, { "x-api-key": key }), ({ status }) => status)
      assert.strictEqual(yield* status("key-ingest"), 403)
      assert.strictEqual(yield* status("nobody's"), 401)
    }))
})
