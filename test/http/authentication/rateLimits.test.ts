import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { RateExceeded } from "../../../src/tenants/RateLimits.ts"
import { until } from "../../support/time/until.ts"
import { type Answer, get, postBulk, serve } from "../serve.ts"

const counters = "/api/v1/users/u/counters"

const assertRefused = ({ headers, json, status }: Answer) => {
  assert.strictEqual(status, 429)
  assert.strictEqual(headers.get("content-type"), "application/problem+json")
  assert.strictEqual(json()["type"], "too-many-requests")
  const retryAfter = headers.get("retry-after") ?? ""
  assert.match(retryAfter, /^[1-9]\d*$/)
  return Number(retryAfter)
}

describe("rate limits of a tenant", () => {
  it.live("let requests of all kinds on at once up to the burst, then refuse them and say when to come again", () =>
    Effect.gen(function*() {
      const { url } = yield* serve({ settings: { TENANT_REQUESTS_PER_SECOND: "1", TENANT_BURST_SECONDS: "4" } })
      const asks = [get(url + counters), postBulk(url, "[]")]
      const began = performance.now()
      let taken = 0
      // Each until it is refused; one more comes on every second that this takes.
      for (const ask of [...asks, ...asks]) {
        let answer = yield* ask
        while (answer.status !== 429) {
          assert.isBelow(answer.status, 300)
          taken++
          answer = yield* asks[taken % 2] ?? ask
        }
        assert.strictEqual(assertRefused(answer), 1)
      }
      assert.isAtLeast(taken, 4)
      assert.isAtMost(taken, 4 + (performance.now() - began) / 1000)
      // What needs no key is nobody's.
      assert.strictEqual((yield* get(`${url}/healthz`)).status, 200)
      let refused = 0
      while ((yield* get(url + counters)).status === 429) refused++
      assert.isAbove(refused, 0)
    }))

  it.live("let events on by their number, and store nothing of a batch they refuse", () =>
    Effect.gen(function*() {
      const stored: Array<number> = []
      const { inFlight, url } = yield* serve({
        settings: { TENANT_EVENTS_PER_SECOND: "1", TENANT_BURST_SECONDS: "10" },
        batch: (_, items) =>
          Effect.sync(() => stored.push(items.count)).pipe(Effect.as({ accepted: items.count, duplicates: 0, rejected: [] }))
      })
      const batch = (size: number) => postBulk(url, JSON.stringify(Array.from({ length: size }, () => ({}))))
      assert.strictEqual((yield* batch(6)).status, 204)
      assert.include([4, 5], assertRefused(yield* batch(9)))
      assert.strictEqual((yield* batch(4)).status, 204)
      assert.strictEqual((yield* postBulk(url, "[]")).status, 204)
      assert.deepStrictEqual(stored, [6, 4, 0])
      yield* until(() => inFlight().bytes === 0)
    }))

  it.live("let a batch larger than the burst on, which the next ones wait for", () =>
    Effect.gen(function*() {
      const { url } = yield* serve({ settings: { TENANT_EVENTS_PER_SECOND: "10", TENANT_BURST_SECONDS: "1" } })
      const batch = (size: number) => postBulk(url, JSON.stringify(Array.from({ length: size }, () => ({}))))
      assert.strictEqual((yield* batch(500)).status, 204)
      assert.isAtLeast(assertRefused(yield* batch(1)), 48)
    }))

  it.live("are none unless they are set", () =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      const answers = yield* Effect.forEach(Array.from({ length: 300 }), () => get(url + counters), { concurrency: 20 })
      assert.deepStrictEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
    }))
})

describe("unknown keys", () => {
  it.live("beyond a rate are answered 429", () =>
    Effect.gen(function*() {
      const addresses: Array<string | undefined> = []
      const { url } = yield* serve({
        authenticate: (_, address) => {
          addresses.push(address)
          return Effect.fail(new RateExceeded({ what: "unknown keys", perSecond: 10, retryAfter: 7 }))
        }
      })
      assert.strictEqual(assertRefused(yield* get(url + counters)), 7)
      assert.deepStrictEqual(addresses, ["127.0.0.1"])
    }))
})
