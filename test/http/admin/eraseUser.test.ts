import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { DatabaseUnavailable } from "../../../src/database/DatabaseUnavailable.ts"
import type { UserErasure } from "../../../src/erasure/UserErasure.ts"
import { ImportUnfinished } from "../../../src/event-log/unfinishedImport.ts"
import { Position } from "../../../src/values/Position.ts"
import { UserId } from "../../../src/values/UserId.ts"
import { request, serve, tenant } from "../serve.ts"

type Erase = UserErasure["Service"]["eraseWithin"]

const nothing = { events: 0, rows: 0, parked: 0, rejected: 0, again: false }
const remove = (url: string, userId: string, key = "key-all") =>
  request(`${url}/api/v1/users/${encodeURIComponent(userId)}`, { method: "DELETE", headers: { "x-api-key": key } })

describe("DELETE a user", () => {
  it.live("erases the tenant's user of that id, and nobody else", () =>
    Effect.gen(function*() {
      const erased: Array<Parameters<Erase>> = []
      const eraseWithin: Erase = (...of) =>
        Effect.sync(() => {
          erased.push(of)
          return { _tag: "Ended", report: { ...nothing, events: 1 } }
        })
      const { logged, url } = yield* serve({ eraseWithin })
      const ids = ["u", "counters", "a/b?c#d", "é😀", "%2F", " ", "x".repeat(256)]
      for (const id of ids) {
        const answer = yield* remove(url, id)
        assert.deepStrictEqual([answer.status, answer.text], [204, ""])
      }
      assert.deepStrictEqual(erased.map(([of, id]) => [of, id]), ids.map((id) => [tenant, UserId(id)]))
      for (
        const [id, key, status] of [["x".repeat(257), "key-all", 400], ["u", "key-read", 403], ["u", "key-ingest", 403], [
          "u",
          "?",
          401
        ]] as const
      ) {
        assert.strictEqual((yield* remove(url, id, key)).status, status)
      }
      const dry = yield* request(`${url}/api/v1/users/u?dry_run=true`, { method: "DELETE", headers: { "x-api-key": "key-all" } })
      assert.strictEqual(dry.status, 400)
      assert.strictEqual(erased.length, ids.length)
      assert.deepStrictEqual(logged, [])
    }))

  it.live.each(
    [
      [{ ...nothing }, 404],
      [{ ...nothing, again: true }, 204],
      [{ ...nothing, rejected: 1 }, 204],
      [{ ...nothing, rows: 1 }, 204],
      [{ ...nothing, parked: 1 }, 204]
    ] as const
  )("answers what was found: %j", ([report, status]) =>
    Effect.gen(function*() {
      const { url } = yield* serve({ eraseWithin: () => Effect.succeed({ _tag: "Ended", report }) })
      const answer = yield* remove(url, "u")
      assert.strictEqual(answer.status, status)
      if (status === 404) assert.include(answer.json(), { type: "nothing-known", status })
    }))

  it.live("says how far an erasure is that takes longer than a request waits", () =>
    Effect.gen(function*() {
      const { url } = yield* serve({
        eraseWithin: () =>
          Effect.succeed({ _tag: "UnderWay", progress: { events: 12_345, position: Position(99_999), head: Position(300_000) } })
      })
      const answer = yield* remove(url, "u")
      assert.strictEqual(answer.status, 202)
      assert.strictEqual(answer.headers.get("retry-after"), "5")
      assert.deepStrictEqual(answer.json(), { erased_events: 12_345, progress: 0.33 })
    }))

  it.live("does not say that one is under way which has not begun", () =>
    Effect.gen(function*() {
      const { url } = yield* serve({ eraseWithin: () => Effect.succeed({ _tag: "UnderWay", progress: undefined }) })
      assert.strictEqual((yield* remove(url, "u")).status, 503)
    }))

  it.live.each([
    new DatabaseUnavailable({ operation: "secret", cause: new Error("secret") }),
    new ImportUnfinished({ message: "secret" })
  ])("answers 503 while it cannot be done: $_tag", (error) =>
    Effect.gen(function*() {
      const { url } = yield* serve({ eraseWithin: () => Effect.fail(error) })
      const answer = yield* remove(url, "u")
      assert.strictEqual(answer.status, 503)
      assert.isNotNull(answer.headers.get("retry-after"))
      assert.notInclude(answer.text, "secret")
    }))
})
