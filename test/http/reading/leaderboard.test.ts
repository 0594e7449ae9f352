import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { ProjectionBehind, ProjectionParked } from "../../../src/counters/ConsistentReads.ts"
import type { LeaderboardDocument, LeaderboardPlace, Leaderboards } from "../../../src/counters/Leaderboards.ts"
import { UserId } from "../../../src/values/UserId.ts"
import { get, serve } from "../serve.ts"

const head = {
  board: "casino_turnover",
  period: "all",
  currency: "EUR",
  period_start: null,
  period_end: null,
  time_zone: "UTC",
  user_count: 2,
  generations: { leaderboards: 0 }
} as const

const entries = [
  { rank: 1, user_id: UserId("a"), score: "10.5", reached_at: "2026-01-01T12:00:00.000Z" },
  { rank: 2, user_id: UserId("b"), score: "-3", reached_at: "2026-01-01T12:00:00.000Z" }
]

const document: LeaderboardDocument = { ...head, entries }

const place: LeaderboardPlace = {
  ...head,
  rank: 2,
  user_id: UserId("b"),
  score: "-3",
  reached_at: "2026-01-01T12:00:00.000Z",
  above: entries.slice(0, 1),
  below: []
}

/** Notes what was asked for. */
const noting = () => {
  const readings: Array<object> = []
  const readTop: Leaderboards["Service"]["top"] = (_, selection, options) =>
    Effect.sync(() => {
      readings.push({ ...selection, ...options })
      return document
    })
  const readPlace: Leaderboards["Service"]["place"] = (_, selection, options) =>
    Effect.sync(() => {
      readings.push({ ...selection, ...options })
      return place
    })
  return { readings, readTop, readPlace }
}

const all = { board: "casino_turnover", period: "all", day: undefined, currency: "EUR" }

const eventual = { _tag: "Eventual" }

describe("GET a leaderboard", () => {
  it.live("answers the first 100 of all times unless told otherwise", () =>
    Effect.gen(function*() {
      const { readTop, readings } = noting()
      const { url } = yield* serve({ readTop })
      const answer = yield* get(`${url}/api/v1/leaderboards/casino_turnover?currency=EUR`)
      assert.strictEqual(answer.status, 200)
      assert.strictEqual(answer.text, JSON.stringify(document))
      yield* get(`${url}/api/v1/leaderboards/round_wins?currency=eur&period=week&date=1970-01-10&limit=1000&consistency=strong`)
      yield* get(`${url}/api/v1/leaderboards/login_streak`)
      assert.deepStrictEqual(readings, [
        { ...all, limit: 100, consistency: eventual },
        {
          board: "round_wins",
          period: "week",
          day: 9,
          currency: "eur",
          limit: 1000,
          consistency: { _tag: "Strong", waitSeconds: 5 }
        },
        { ...all, board: "login_streak", currency: null, limit: 100, consistency: eventual }
      ])
      const again = yield* get(`${url}/api/v1/leaderboards/casino_turnover?currency=EUR`, {
        "if-none-match": answer.headers.get("etag") ?? ""
      })
      assert.strictEqual(again.status, 304)
    }))

  it.live.each(
    [
      ["nothing?currency=EUR", "path", "board"],
      ["casino_turnover?currency=EUR&period=year", "query", "period"],
      ["casino_turnover?currency=EUR&date=2026-02-30", "query", "date"],
      ["casino_turnover?currency=EUR&date=1899-12-31", "query", "date"],
      ["casino_turnover?currency=EUR&period=month&date=0001-01-01", "query", "date"],
      ["casino_turnover?currency=EUR&period=week&date=2201-01-01", "query", "date"],
      ["casino_turnover?currency=EUR&limit=0", "query", "limit"],
      ["casino_turnover?currency=EUR&limit=1001", "query", "limit"],
      ["casino_turnover?currency=EUR&neighbours=1", "query", "neighbours"],
      ["casino_turnover", "query", "currency"],
      ["casino_turnover?currency=", "query", "currency"],
      ["login_streak?currency=EUR", "query", "currency"],
      ["login_streak?period=day", "query", "period"],
      ["casino_turnover/users/u?currency=EUR&limit=1", "query", "limit"],
      ["casino_turnover/users/u?currency=EUR&neighbours=51", "query", "neighbours"],
      ["casino_turnover/users/u", "query", "currency"]
    ] as const
  )("answers 400 to %s, naming the %s's %s", ([asked, where, name]) =>
    Effect.gen(function*() {
      const { url } = yield* serve({ readTop: () => Effect.die("read"), readPlace: () => Effect.die("read") })
      const answer = yield* get(`${url}/api/v1/leaderboards/${asked}`)
      assert.strictEqual(answer.status, 400)
      assert.deepNestedInclude(answer.json(), { type: "invalid-request", "issues[0].path": [where, name] })
    }))

  it.live.each(
    [
      [new ProjectionBehind({ waited: 5 }), "projection-behind"],
      [new ProjectionParked({ userId: UserId("u"), projections: ["leaderboards"] }), "projection-parked"]
    ] as const
  )("answers 503 where it cannot be read: %s", ([error, type]) =>
    Effect.gen(function*() {
      const { url } = yield* serve({ readTop: () => Effect.fail(error) })
      const answer = yield* get(`${url}/api/v1/leaderboards/casino_turnover?currency=EUR`)
      assert.strictEqual(answer.status, 503)
      assert.strictEqual(answer.json()["type"], type)
    }))
})
