import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { exact, type FastTrackEvent, NoAnswer, Playtally, PlaytallyError } from "../../client/src/index.ts"
import { freePort } from "../../src/database/embedded/EmbeddedServer.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { apiKey, startService } from "../support/service/ServiceProcess.ts"
import { problem, type Reply, stubService } from "./stubService.ts"

const users = ["player-1", "a/b?c=1&d#e", "\"quo\\te\" 100%", "ü😀"] as const
const [first] = users

const bet = (user_id: string, id: number, amount: string): FastTrackEvent => ({
  event: "realtime-casino",
  data: {
    user_id,
    timestamp: `2026-01-31T12:00:0${id}Z`,
    unique_id: `${id}`,
    game_id: `game-${id}`,
    round_id: "r",
    type: "bet",
    amount: exact(amount),
    currency: "a.b~c",
    bonus_wager_amount: 0
  }
})

const collect = async <A>(iterable: AsyncIterable<A>): Promise<Array<A>> => {
  const all: Array<A> = []
  for await (const one of iterable) all.push(one)
  return all
}

const failureOf = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    return await promise
  } catch (cause) {
    return cause
  }
}

layer(TestDatabase.layer, { excludeTestServices: true })("a client that reads", (it) => {
  it.effect("has every reading, with every digit, of users of any name", () =>
    Effect.gen(function*() {
      const { url } = yield* startService()
      yield* Effect.promise(async () => {
        const playtally = new Playtally({ url, key: apiKey })
        const strong = { consistency: "strong" } as const
        await playtally.send([
          ...users.map((user, index) => bet(user, 1, `${index + 1}.10`)),
          bet(first, 2, "12345678901234567890.123456789")
        ])
        const before = new Date()
        await new Promise((resolve) => setTimeout(resolve, 5))
        await playtally.send([bet(first, 3, "1")])

        const amount = "12345678901234567892.223456789"
        const currency = "A.B~C"
        const counters = await playtally.counters(first, { ...strong, include: ["casino"] })
        assert.strictEqual(counters?.casino?.[currency]?.bet_amount, amount)
        assert.notProperty(counters, "logins")
        const past = await playtally.counters(first, { asOf: before })
        assert.strictEqual(past?.casino?.[currency]?.bet_count, 2)
        const all = await playtally.countersOf(["nobody", ...users], strong)
        assert.deepStrictEqual(all.map(({ user_id }) => user_id), [...users])
        assert.deepStrictEqual(await playtally.countersOf([]), [])

        const games = await collect(playtally.games(first, { ...strong, pageSize: 2, include: ["casino_by_game"] }))
        assert.deepStrictEqual(games.map(({ casino_by_game }) => Object.keys(casino_by_game ?? {})), [["game-1", "game-2"], ["game-3"]])
        const some = await collect(playtally.games(first, { gameIds: ["game-3", "none", "game-2"] }))
        assert.deepStrictEqual(some.map(({ casino_by_game }) => Object.keys(casino_by_game ?? {})), [["game-2", "game-3"]])

        const activity = await playtally.activity(first, { from: "2026-01-01", to: "2026-03-01", granularity: "month", ...strong })
        assert.deepStrictEqual(activity?.periods.map(({ from, product }) => [from, product]), [["2026-01-01", "casino"]])

        const board = await playtally.leaderboard("casino_turnover", { currency, limit: 2, ...strong })
        assert.deepStrictEqual(board.entries.map(({ rank, score, user_id }) => [rank, user_id, score]), [[1, first, amount], [
          2,
          "ü😀",
          "4.1"
        ]])
        const place = await playtally.leaderboardPlace("casino_turnover", "ü😀", {
          currency,
          neighbours: 1,
          period: "month",
          date: "2026-01-01"
        })
        assert.deepStrictEqual([place?.rank, place?.above.length, place?.below.length], [2, 1, 1])

        const events = await collect(playtally.events(first, { pageSize: 2 }))
        assert.deepStrictEqual(events.map(({ data }) => data !== null && "amount" in data ? data.amount : null), [
          "1",
          "12345678901234567890.123456789",
          "1.1"
        ])
        const explained = await collect(playtally.explain(first, ["casino", currency, "bet_amount"], { pageSize: 2 }))
        assert.deepStrictEqual(
          explained.map(({ contributions, value }) => [value, contributions.map(({ contribution }) => contribution)]),
          [
            [amount, ["1.1", "12345678901234567890.123456789"]],
            [amount, ["1"]]
          ]
        )
        assert.strictEqual((await collect(playtally.explain(first, "casino.A~1B~0C.bet_count")))[0]?.value, 3)
        const listed = await collect(playtally.users({ pageSize: 3 }))
        assert.sameMembers(listed.map(({ user_id }) => user_id), [...users])

        // What is not there.
        assert.isUndefined(await playtally.counters("nobody"))
        assert.isUndefined(await playtally.activity("nobody", { from: "2026-01-01", to: "2026-01-02" }))
        assert.isUndefined(await playtally.leaderboardPlace("login_streak", first))
        for (const none of [playtally.games("nobody"), playtally.events("nobody"), playtally.explain(first, "casino.XXX.bet_amount")]) {
          assert.deepStrictEqual(await collect<unknown>(none), [])
        }

        // What is wrong.
        const bad = await failureOf(playtally.activity(first, { from: "2026-01-02", to: "2026-01-01" }))
        assert.instanceOf(bad, PlaytallyError)
        assert.strictEqual(bad.type, "invalid-request")
        assert.deepInclude(bad.problem, { issues: [{ path: ["query", "to"], message: "It is before from." }] })
        const path = await failureOf(new Playtally({ url: `${url}/wrong`, key: apiKey }).counters(first))
        assert.deepInclude(path, { type: "not-found", status: 404 })

        // A follower is told of an erasure by the ref.
        const followed = playtally.changes({ from: "now" })
        const next = followed.next()
        await next
        assert.strictEqual(await playtally.erase(first), "erased")
        assert.strictEqual(await playtally.erase("nobody"), "nothing-known")
        const step = await followed.next()
        assert.deepStrictEqual(step.value?.forget, [counters?.ref])
        await followed.return(undefined)
        assert.isUndefined(await playtally.counters(first))
      })
    }), 60_000)

  it.effect("asks again for the time of its patience, and then says what stood in the way", () =>
    Effect.gen(function*() {
      const replies: Array<Reply> = []
      let asked = 0
      const url = yield* stubService(() => {
        asked++
        return replies.shift() ?? "gone"
      })
      yield* Effect.promise(async () => {
        const playtally = new Playtally({ url, key: "k", patience: 250 })
        replies.push("gone", problem(503, "projection-behind"), { status: 200, body: { user_id: "a" } })
        assert.deepStrictEqual(await new Playtally({ url, key: "k" }).counters("a") as unknown, { user_id: "a" })
        assert.strictEqual(asked, 3)
        const cause = await failureOf(playtally.counters("a"))
        assert.instanceOf(cause, NoAnswer)
        // No time helps.
        asked = 0
        replies.push(problem(503, "projection-parked", { projections: ["casino"] }))
        assert.deepInclude(await failureOf(playtally.counters("a")), { type: "projection-parked" })
        assert.strictEqual(asked, 1)
        // It is told when to come back, which is later than it waits.
        replies.push({ status: 503, headers: { "retry-after": "30" }, body: { type: "unavailable", title: "away", status: 503 } })
        assert.deepInclude(await failureOf(playtally.counters("a")), { type: "unavailable", retryAfter: 30 })
        // Progress is no waiting.
        const unfinished = problem(503, "history-unfinished")
        const slow = [200, 400, 600].map((time): Reply => ({
          ...unfinished,
          after: new Promise((resolve) => setTimeout(resolve, time))
        }))
        replies.push(...slow, { status: 200, body: { user_id: "a" } })
        assert.deepStrictEqual(await playtally.counters("a", { asOf: "2026-01-01T00:00:00Z" }) as unknown, { user_id: "a" })
      })
      const nobody = yield* Effect.promise(freePort)
      yield* Effect.promise(async () => {
        const patient = new Playtally({ url: `http://127.0.0.1:${nobody}`, key: "k", patience: 0 })
        assert.match(String(await failureOf(patient.counters("a"))), /^NoAnswer: no answer from \/api\/v1\/users\/a\/counters: .*refused/i)
      })
    }))

  it.effect("waits for the end of an erasure that takes several requests", () =>
    Effect.gen(function*() {
      const underWay: Reply = { status: 202, headers: { "retry-after": "0" }, body: { erased_events: 7, progress: 0.5 } }
      const replies = [underWay, problem(503, "unavailable"), underWay, { status: 204 }]
      const asked: Array<string> = []
      const url = yield* stubService(({ method, path }) => {
        asked.push(`${method} ${path}`)
        return replies.shift() ?? problem(404, "nothing-known")
      })
      yield* Effect.promise(async () => {
        const told: Array<number> = []
        const playtally = new Playtally({ url, key: "k" })
        assert.strictEqual(await playtally.erase("a/b", { onProgress: ({ erased_events }) => void told.push(erased_events) }), "erased")
        assert.deepStrictEqual(told, [7, 7])
        assert.deepStrictEqual(asked, Array.from({ length: 4 }, () => "DELETE /api/v1/users/a%2Fb"))
        assert.strictEqual(await playtally.erase("a"), "nothing-known")
      })
    }))

  it("refuses at once what no request can be made with", () => {
    for (const url of ["localhost:3000", "here", "http://user:password@localhost", "http://localhost?a=b"]) {
      assert.throws(() => new Playtally({ url, key: "k" }), TypeError)
    }
    assert.throws(() => new Playtally({ url: "http://localhost", key: "of\ntwo lines" }), TypeError)
  })
})
