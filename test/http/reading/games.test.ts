import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { ProjectionBehind, ProjectionParked } from "../../../src/counters/ConsistentReads.ts"
import type { Games } from "../../../src/counters/Games.ts"
import { DatabaseUnavailable } from "../../../src/database/DatabaseUnavailable.ts"
import { Position } from "../../../src/values/Position.ts"
import { UserId } from "../../../src/values/UserId.ts"
import { get, serve } from "../serve.ts"

type Read = Games["Service"]["read"]

const document = {
  user_id: UserId("u"),
  time_zone: "UTC",
  position: Position(7),
  generations: { casino_by_game: 0 },
  casino_by_game: { slots: {} }
}
const sections = ["casino_by_game", "game_rounds_by_game"]

/** Notes what was asked for. */
const noting = (next: string | null = null) => {
  const readings: Array<Parameters<Read>[2]> = []
  const readGames: Read = (_, __, options) =>
    Effect.sync(() => {
      readings.push(options)
      return { document, next }
    })
  return { readings, readGames }
}

describe("GET a user's games", () => {
  it.live("answers the document as it is read, 100 games a page unless told otherwise", () =>
    Effect.gen(function*() {
      const { readGames, readings } = noting()
      const { url } = yield* serve({ readGames })
      const answer = yield* get(`${url}/api/v1/users/u/games`)
      assert.strictEqual(answer.status, 200)
      assert.strictEqual(answer.text, JSON.stringify({ ...document, next_cursor: null }))
      yield* get(`${url}/api/v1/users/u/games?include=game_rounds_by_game&limit=1000&consistency=strong`)
      assert.deepStrictEqual(readings, [
        { sections, games: { _tag: "Page", from: "", limit: 100 }, consistency: { _tag: "Eventual" } },
        {
          sections: ["game_rounds_by_game"],
          games: { _tag: "Page", from: "", limit: 1000 },
          consistency: { _tag: "Strong", waitSeconds: 5 }
        }
      ])
      const etag = answer.headers.get("etag") ?? ""
      assert.strictEqual((yield* get(`${url}/api/v1/users/u/games`, { "if-none-match": etag })).status, 304)
    }))

  it.live.each(["slots", "7", "ü😀 & co=1", "a".repeat(256), " "])(
    "goes on with the next game by its cursor: %s",
    (next) =>
      Effect.gen(function*() {
        const { readGames, readings } = noting(next)
        const { url } = yield* serve({ readGames })
        const { next_cursor } = (yield* get(`${url}/api/v1/users/u/games`)).json()
        assert.match(String(next_cursor), /^[\w-]+$/)
        yield* get(`${url}/api/v1/users/u/games?cursor=${next_cursor}&limit=2`)
        assert.deepStrictEqual(readings[1]?.games, { _tag: "Page", from: next, limit: 2 })
      })
  )

  it.live("asks for games by their ids, whatever characters these have", () =>
    Effect.gen(function*() {
      const { readGames, readings } = noting()
      const { url } = yield* serve({ readGames })
      for (const gameIds of [["slots"], ["a,b", "", "ü😀&=", "a"], Array.from({ length: 100 }, (_, index) => `game ${index}`)]) {
        const query = gameIds.map((gameId) => `game_id=${encodeURIComponent(gameId)}`).join("&")
        assert.strictEqual((yield* get(`${url}/api/v1/users/u/games?${query}`)).status, 200)
        assert.deepStrictEqual(readings.pop()?.games, { _tag: "Some", gameIds })
      }
    }))

  it.live.each([
    ["game_id", "game_id=a&limit=5"],
    ["game_id", "game_id=a&cursor=YQ"],
    ["game_id", Array.from({ length: 101 }, () => "game_id=a").join("&")],
    ["game_id", "game_id=%00"],
    ["limit", "limit=0"],
    ["limit", "limit=1001"],
    ["cursor", "cursor=Y"],
    ["cursor", "cursor=_w"],
    ["cursor", "cursor=AA"],
    ["include", "include=casino"],
    ["game", "game=a"]
  ])("answers 400 to a bad %s: %s", ([name, query]) =>
    Effect.gen(function*() {
      const { url } = yield* serve({ readGames: () => Effect.die("read") })
      const answer = yield* get(`${url}/api/v1/users/u/games?${query}`)
      assert.strictEqual(answer.status, 400)
      const { issues, type } = answer.json()
      assert.strictEqual(type, "invalid-request")
      assert.deepStrictEqual((issues as ReadonlyArray<{ path: ReadonlyArray<string> }>)[0]?.path.slice(0, 2), ["query", name])
    }))

  it.live("answers 404 for a user without events", () =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      const answer = yield* get(`${url}/api/v1/users/u/games`)
      assert.deepStrictEqual([answer.status, answer.json()["type"]], [404, "user-not-found"])
    }))

  it.live.each(
    [
      [new ProjectionBehind({ waited: 5 }), "projection-behind"],
      [new ProjectionParked({ userId: UserId("u"), projections: ["casino_by_game"] }), "projection-parked"],
      [new DatabaseUnavailable({ operation: "secret", cause: new Error("secret") }), "unavailable"]
    ] as const
  )("answers 503 to %s", ([error, type]) =>
    Effect.gen(function*() {
      const { url } = yield* serve({ readGames: () => Effect.fail(error) })
      const answer = yield* get(`${url}/api/v1/users/u/games`)
      assert.deepStrictEqual([answer.status, answer.json()["type"], answer.headers.get("retry-after")], [503, type, "1"])
    }))
})
