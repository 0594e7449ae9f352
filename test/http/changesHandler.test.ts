import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { type Changes, TooManyPolls } from "../../src/counters/Changes.ts"
import { vectorOf } from "../../src/counters/SliceVector.ts"
import { ProjectionBehind } from "../../src/counters/Snapshots.ts"
import { DatabaseUnavailable } from "../../src/database/DatabaseUnavailable.ts"
import { decodeChangesCursor, encodeChangesCursor } from "../../src/http/ChangesCursor.ts"
import { until } from "../support/until.ts"
import { get, serve, tenant } from "./serve.ts"

type After = Changes["Service"]["after"]

const place = vectorOf([[3, 7]])
const cursor = encodeChangesCursor(tenant, place)

/** Notes what was asked for. */
const noting = () => {
  const readings: Array<{ readonly place: unknown; readonly options: unknown }> = []
  const changesAfter: After = (_, place, options) =>
    Effect.sync(() => {
      readings.push({ place, options })
      return { changes: [{ user_id: "u", slice: 9, position: 4 }], next: vectorOf([[3, 8], [9, 4]]) }
    })
  return { readings, changesAfter }
}

describe("GET the changes", () => {
  it.live("begins with a cursor for now, at once and without asking for changes", () =>
    Effect.gen(function*() {
      const { url } = yield* serve({ changesAfter: () => Effect.die("asked") })
      const answer = yield* get(`${url}/api/v1/changes`)
      assert.strictEqual(answer.status, 200)
      assert.deepStrictEqual(answer.json(), { changes: [], next_cursor: cursor })
    }))

  it.live("goes on from a cursor, with 500 users and 30 seconds unless told otherwise", () =>
    Effect.gen(function*() {
      const { changesAfter, readings } = noting()
      const { url } = yield* serve({ changesAfter })
      const answer = yield* get(`${url}/api/v1/changes?cursor=${cursor}`)
      assert.strictEqual(answer.status, 200)
      assert.strictEqual(answer.headers.get("content-type"), "application/json")
      const { changes, next_cursor } = answer.json()
      assert.deepStrictEqual(changes, [{ user_id: "u", slice: 9, position: 4 }])
      assert.deepStrictEqual(decodeChangesCursor(tenant, String(next_cursor)), vectorOf([[3, 8], [9, 4]]))
      yield* get(`${url}/api/v1/changes?cursor=${cursor}&limit=5000&wait=60&consistency=strong`, { prefer: "wait=9" })
      yield* get(`${url}/api/v1/changes?cursor=${cursor}&limit=1&wait=0`)
      assert.deepStrictEqual(readings, [
        { place, options: { limit: 500, waitSeconds: 30, consistency: { _tag: "Eventual" } } },
        { place, options: { limit: 5000, waitSeconds: 60, consistency: { _tag: "Strong", waitSeconds: 9 } } },
        { place, options: { limit: 1, waitSeconds: 0, consistency: { _tag: "Eventual" } } }
      ])
    }))

  it.live.each([
    "limit=0",
    "limit=5001",
    "limit=1.5",
    "limit=",
    "wait=61",
    "wait=-1",
    "wait=01",
    "wait=1e1",
    "cursor=",
    "cursor=x",
    "since=1",
    "consistency=x"
  ])(
    "answers 400 to %s, naming it",
    (query) =>
      Effect.gen(function*() {
        const { url } = yield* serve()
        const answer = yield* get(`${url}/api/v1/changes?${query}`)
        assert.strictEqual(answer.status, 400)
        assert.deepNestedInclude(answer.json(), { type: "invalid-request", "issues[0].path": ["query", query.replace(/=.*/, "")] })
      })
  )

  it.live("answers 400 to another tenant's cursor", () =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      const answer = yield* get(`${url}/api/v1/changes?cursor=${encodeChangesCursor({ ...tenant, keyNamespace: "another" }, place)}`)
      assert.strictEqual(answer.status, 400)
    }))

  it.live.each(
    [
      [new TooManyPolls({ limit: 64 }), 429, "too-many-polls"],
      [new ProjectionBehind({ waited: 5 }), 503, "projection-behind"],
      [new DatabaseUnavailable({ operation: "secret", cause: new Error("secret") }), 503, "unavailable"]
    ] as const
  )("answers %s with %s", ([error, status, type]) =>
    Effect.gen(function*() {
      const { url } = yield* serve({ changesAfter: () => Effect.fail(error) })
      const answer = yield* get(`${url}/api/v1/changes?cursor=${cursor}`)
      assert.deepStrictEqual([answer.status, answer.json()["type"], answer.headers.get("retry-after")], [status, type, "1"])
      assert.notInclude(answer.text, "secret")
    }))

  it.live("stops waiting when the client goes away", () =>
    Effect.gen(function*() {
      const waiting = Deferred.makeUnsafe<void>()
      const gone = Deferred.makeUnsafe<void>()
      const changesAfter: After = () =>
        Effect.andThen(Deferred.succeed(waiting, undefined), Effect.never).pipe(Effect.onInterrupt(() => Deferred.succeed(gone, undefined)))
      const { url } = yield* serve({ changesAfter })
      const request = yield* Effect.forkChild(get(`${url}/api/v1/changes?cursor=${cursor}`))
      yield* Deferred.await(waiting)
      yield* Fiber.interrupt(request)
      yield* Deferred.await(gone)
    }))

  it.live("answers who waits before the service waits for requests under way", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const stopped = Deferred.makeUnsafe<void>()
      let isWaiting = false
      const changesAfter: After = (_, next) =>
        Effect.suspend(() => {
          isWaiting = true
          return Effect.as(Deferred.await(stopped), { changes: [], next })
        })
      const { url } = yield* Scope.provide(
        serve({ changesAfter, stopChanges: Effect.asVoid(Deferred.succeed(stopped, undefined)), gracePeriod: "5 minutes" }),
        scope
      )
      const request = yield* Effect.forkChild(get(`${url}/api/v1/changes?cursor=${cursor}`))
      yield* until(() => isWaiting)
      yield* Scope.close(scope, Exit.void)
      const answer = yield* Fiber.join(request)
      assert.strictEqual(answer.status, 200)
      assert.deepStrictEqual(answer.json(), { changes: [], next_cursor: cursor })
    }))
})
