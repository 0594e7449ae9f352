import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { exact, type ExactNumber, type FastTrackEvent, Playtally, PlaytallyError, type PlaytallyOptions } from "../../client/src/index.ts"
import { seededRandom } from "../oracle/generateItems.ts"
import { problem, type Reply, stubService } from "./stubService.ts"

const login = (user_id: string, unique_id: string): FastTrackEvent => ({
  event: "realtime-login",
  data: { user_id, unique_id, timestamp: "2026-01-31T12:00:00Z" }
})

interface Item {
  readonly data: { readonly user_id: string; readonly unique_id: string }
}

const itemsIn = (body: string) => (JSON.parse(body) as { readonly items: ReadonlyArray<Item> }).items
const stored = { status: 204 }
const unavailable = problem(503, "unavailable")

/** A client of a stub that answers bodies, and what it does with it. */
const withStub = (
  answer: (items: ReadonlyArray<Item>, body: string) => Reply,
  use: (playtally: Playtally, retries: ReadonlyArray<string>) => Promise<void>,
  options: Partial<PlaytallyOptions> = {}
) =>
  Effect.scoped(Effect.gen(function*() {
    const url = yield* stubService(({ body }) => answer(itemsIn(body), body))
    const retries: Array<string> = []
    const onRetry: PlaytallyOptions["onRetry"] = ({ cause }) =>
      retries.push(cause instanceof PlaytallyError ? `${cause.type} ${cause.status}` : cause.name)
    yield* Effect.promise(() => use(new Playtally({ url: `${url}/`, key: "the key", onRetry, ...options }), retries))
  }))

const rejectionOf = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    await promise
  } catch (cause) {
    return cause
  }
  throw new Error("it was not rejected")
}

describe("events that a client sends", () => {
  it.live("are sent again until they are answered, whatever does not say that it is final", () => {
    const replies: Array<Reply> = [
      "gone",
      problem(503, "overloaded"),
      problem(429, "too-many-requests"),
      { status: 502, headers: { "content-type": "text/html", "retry-after": "0" }, body: "<html>" },
      problem(500, "internal-error"),
      problem(408, "request-timeout"),
      stored
    ]
    const bodies = new Set<string>()
    return withStub((_, body) => {
      bodies.add(body)
      return replies.shift() ?? stored
    }, async (playtally, retries) => {
      assert.deepStrictEqual(await playtally.send([login("a", "1"), login("a", "2")]), { stored: 2, rejected: [] })
      const told = ["overloaded 503", "too-many-requests 429", "unexpected-answer 502", "internal-error 500", "request-timeout 408"]
      assert.deepStrictEqual(retries, ["NoAnswer", ...told])
      assert.deepStrictEqual([...bodies].map((body) => itemsIn(body).length), [2])
      assert.deepStrictEqual(await playtally.send([]), { stored: 0, rejected: [] })
    })
  })

  it.live("are refused together with what the service says, if it takes none", () =>
    withStub(() => problem(401, "unauthenticated", { detail: "no" }), async (playtally, retries) => {
      const cause = await rejectionOf(playtally.send([login("a", "1")]))
      assert.instanceOf(cause, PlaytallyError)
      assert.deepInclude(cause, { type: "unauthenticated", status: 401, detail: "no", retryAfter: undefined })
      assert.deepStrictEqual(retries, [])
    }))

  it.live("never take the key to where a redirection leads", () => {
    let isAsked = false
    return Effect.scoped(Effect.gen(function*() {
      const other = yield* stubService(() => {
        isAsked = true
        return stored
      })
      yield* withStub(() => ({ status: 307, headers: { location: other } }), async (playtally) => {
        assert.deepInclude(await rejectionOf(playtally.send([login("a", "1")])), { type: "unexpected-answer", status: 307 })
        assert.isFalse(isAsked)
      })
    }))
  })

  it.live("are told apart where the service rejects some, by their places among those that were sent", () => {
    const issues = [{ path: ["data"], message: "bad" }]
    return withStub((items) => {
      const rejected = items.flatMap(({ data }, index) =>
        data.unique_id.startsWith("bad") ? [{ index, event: "realtime-login", id: data.unique_id, reason: "invalid", issues }] : []
      )
      if (rejected.length === 0) return stored
      const report = { accepted: items.length - rejected.length, duplicates: 0, rejected }
      return rejected.length === items.length ? problem(422, "all-rejected", report) : { status: 200, body: report }
    }, async (playtally) => {
      const events = Array.from({ length: 50 }, (_, index) => login(`user-${index}`, index % 7 === 3 ? `bad-${index}` : `${index}`))
      const { rejected, stored } = await playtally.send(events)
      assert.strictEqual(stored, 43)
      assert.deepStrictEqual(
        rejected,
        [3, 10, 17, 24, 31, 38, 45].map((index) => ({
          index,
          event: events[index] ?? login("", ""),
          reason: "invalid" as const,
          issues
        }))
      )
    }, { sending: { eventsPerRequest: 6 } })
  })

  it.live("go in halves where a request has too much, one after the other, and one that is too much by itself is rejected", () => {
    const sizes: Array<number> = []
    let requests = 0
    const take = (items: ReadonlyArray<Item>, body: string): Reply => {
      assert.strictEqual(++requests, 1, "one request at a time")
      const after = new Promise<void>((resolve) => setTimeout(resolve, 2)).finally(() => requests--)
      if (items.length > 3) return { ...problem(413, "too-many-items", { limit: 3 }), after }
      if (body.length > 400) return { ...problem(413, "body-too-large", { limit: 400 }), after }
      sizes.push(items.length)
      return { ...stored, after }
    }
    return withStub(take, async (playtally) => {
      const events = Array.from({ length: 16 }, (_, index) => login(index === 9 ? "x".repeat(300) : `user-${index}`, `${index}`))
      const { rejected, stored } = await playtally.send(events)
      assert.deepStrictEqual({ stored, rejected: rejected.map(({ index, reason }) => [index, reason]) }, {
        stored: 15,
        rejected: [[9, "too-large"]]
      })
      assert.isAtMost(Math.max(...sizes), 3)
      // It has learned how much is taken.
      sizes.length = 0
      await playtally.send(events.slice(0, 9))
      assert.deepStrictEqual(sizes, [3, 3, 3])
    }, { sending: { requestsInFlight: 1 } })
  })

  it.live("keep the order of each user, within bounds, whatever fails and however many calls there are at once", () => {
    const random = seededRandom(7)
    const bounds = { eventsPerRequest: 20, bytesPerRequest: 1500, requestsInFlight: 3, eventsInFlight: 100, bytesInFlight: 6000 }
    const underWay = new Map<string, number>()
    const order = new Map<string, Array<number>>()
    let requests = 0
    let answered = 0
    let pulled = 0
    const answer = (items: ReadonlyArray<Item>, body: string): Reply => {
      assert.isAtMost(items.length, bounds.eventsPerRequest)
      assert.isAtMost(body.length, bounds.bytesPerRequest + 16)
      assert.isAtMost(++requests, bounds.requestsInFlight)
      const users = new Set(items.map(({ data }) => data.user_id))
      for (const user of users) {
        underWay.set(user, (underWay.get(user) ?? 0) + 1)
        assert.strictEqual(underWay.get(user), 1, "a user is in one request at a time")
      }
      const isStored = random.chance(0.7)
      // What is stored may not be answered.
      for (const { data } of isStored || random.chance(0.5) ? items : []) {
        const seen = order.get(data.user_id) ?? []
        if (!seen.includes(Number(data.unique_id))) seen.push(Number(data.unique_id))
        order.set(data.user_id, seen)
      }
      const later = async () => {
        await new Promise<void>((resolve) => setTimeout(resolve, random.below(5)))
        requests--
        for (const user of users) underWay.set(user, 0)
        if (isStored) answered += items.length
      }
      return { ...isStored ? stored : unavailable, after: later() }
    }
    return withStub(answer, async (playtally) => {
      const draw = seededRandom(8)
      const calls = Array.from(
        { length: 40 },
        (_, call) => Array.from({ length: draw.below(40) }, (_, nth) => login(`user-${draw.below(15)}`, `${call * 1000 + nth}`))
      )
      const reports = await Promise.all(calls.map((events) =>
        playtally.send((function*() {
          for (const event of events) {
            // One more is asked for before it is known that there is no room.
            assert.isAtMost(++pulled - answered, bounds.eventsInFlight + 1)
            yield event
          }
        })())
      ))
      assert.deepStrictEqual(reports.map(({ stored }) => stored), calls.map(({ length }) => length))
      const expected = new Map<string, Array<number>>()
      for (const { data } of calls.flat() as ReadonlyArray<unknown> as ReadonlyArray<Item>) {
        expected.set(data.user_id, [...expected.get(data.user_id) ?? [], Number(data.unique_id)])
      }
      assert.deepStrictEqual(Object.fromEntries([...order].sort()), Object.fromEntries([...expected].sort()))
    }, { sending: bounds })
  })

  it.live("are given up when they are aborted, and hold nobody up", () => {
    let isServing = false
    const sent: Array<string> = []
    return withStub((items) => {
      if (!isServing) return unavailable
      sent.push(...items.map(({ data }) => data.unique_id))
      return stored
    }, async (playtally) => {
      const aborting = new AbortController()
      const first = rejectionOf(playtally.send([login("a", "1"), login("a", "2"), login("a", "3")], { signal: aborting.signal }))
      const second = playtally.send([login("a", "4")])
      await new Promise((resolve) => setTimeout(resolve, 30))
      aborting.abort(new Error("enough"))
      assert.strictEqual((await first as Error).message, "enough")
      isServing = true
      assert.deepStrictEqual(await second, { stored: 1, rejected: [] })
      assert.include(sent, "4")
      assert.notInclude(sent, "3")
    }, { sending: { eventsInFlight: 2, requestsInFlight: 1 } })
  })

  it.live("keep every digit of an exact number, and a value without JSON is refused at once", () => {
    const bodies: Array<string> = []
    return withStub((_, body) => {
      bodies.push(body)
      return stored
    }, async (playtally) => {
      const bet = (amount: number | ExactNumber): FastTrackEvent => ({
        event: "realtime-casino",
        data: {
          user_id: "a",
          timestamp: "2026-01-31T12:00:00Z",
          unique_id: `${amount}`,
          game_id: "g",
          round_id: "r",
          type: "bet",
          amount,
          currency: "EUR",
          bonus_wager_amount: 0
        }
      })
      await playtally.send([bet(exact("12345678901234567.890")), bet(0.1)])
      assert.include(bodies[0], `"amount":12345678901234567.890,"currency"`)
      assert.include(bodies[0], `"amount":0.1,"currency"`)
      assert.throws(() => exact("1,5"), TypeError)
      assert.instanceOf(await rejectionOf(playtally.send([{ big: 1n } as unknown as FastTrackEvent])), TypeError)
      assert.strictEqual(bodies.length, 1)
    })
  })
})
