import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
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

describe("GET a user's place on a leaderboard", () => {
  it.live("answers it with three neighbours on either side unless told otherwise", () =>
    Effect.gen(function*() {
      const { readPlace, readings } = noting()
      const { url } = yield* serve({ readPlace })
      const answer = yield* get(`${url}/api/v1/leaderboards/casino_turnover/users/a%2Fb?currency=EUR`)
      assert.strictEqual(answer.text, JSON.stringify(place))
      yield* get(`${url}/api/v1/leaderboards/casino_turnover/users/b?currency=EUR&neighbours=0`)
      assert.deepStrictEqual(readings, [
        { ...all, userId: "a/b", neighbours: 3, consistency: eventual },
        { ...all, userId: "b", neighbours: 0, consistency: eventual }
      ])
    }))

  it.live("answers 404 for a user who is not on the board", () =>
    Effect.gen(function*() {
      const { url } = yield* serve({ readPlace: () => Effect.undefined })
      const answer = yield* get(`${url}/api/v1/leaderboards/casino_turnover/users/u?currency=EUR`)
      assert.strictEqual(answer.status, 404)
      assert.strictEqual(answer.json()["type"], "user-not-on-leaderboard")
    }))
})
