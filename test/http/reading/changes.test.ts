import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import type { Changes } from "../../../src/counters/changes/Changes.ts"
import { vectorOf } from "../../../src/counters/changes/LogOffset.ts"
import { TooManyPolls } from "../../../src/counters/changes/PollTurns.ts"
import { ProjectionBehind } from "../../../src/counters/ConsistentReads.ts"
import { TooManyRows } from "../../../src/counters/TooManyRows.ts"
import { DatabaseUnavailable } from "../../../src/database/DatabaseUnavailable.ts"
import { userRef } from "../../../src/event-log/pseudonym.ts"
import { maxDocumentBytes } from "../../../src/http/reading/changedDocuments.ts"
import { decodeChangesCursor, encodeChangesCursor } from "../../../src/http/reading/ChangesCursor.ts"
import { Position } from "../../../src/values/Position.ts"
import { Slice } from "../../../src/values/Slice.ts"
import { UserId } from "../../../src/values/UserId.ts"
import { until } from "../../support/time/until.ts"
import { document, get, place, serve, tenant } from "../serve.ts"

type After = Changes["Service"]["after"]

const cursor = encodeChangesCursor(tenant, place)
const next = { ...place, positions: vectorOf([[Slice(3), Position(8)], [Slice(9), Position(4)]]) }
const user = (id: string) => ({ user_id: UserId(id), slice: Slice(9), position: Position(4) })
const ofUser = (id: string) => ({
  user_id: UserId(id),
  ref: userRef(tenant.keyNamespace, UserId(id)),
  slice: Slice(9),
  position: Position(4)
})

/** Notes what was asked for. */
const noting = () => {
  const readings: Array<{ readonly place: unknown; readonly options: unknown }> = []
  const changesAfter: After = (_, place, options) =>
    Effect.sync(() => {
      readings.push({ place, options })
      return { kept: undefined, erased: [], changes: [user("u")], next }
    })
  return { readings, changesAfter }
}

describe("GET the changes", () => {
  it.live("begins with a cursor for now, at once and without asking for changes", () =>
    Effect.gen(function*() {
      const { url } = yield* serve({ changesAfter: () => Effect.die("asked") })
      const answer = yield* get(`${url}/api/v1/changes`)
      assert.strictEqual(answer.status, 200)
      assert.deepStrictEqual(answer.json(), { kept: null, erased: [], changes: [], next_cursor: cursor })
    }))

  it.live("goes on from a cursor, with 500 users and 30 seconds unless told otherwise", () =>
    Effect.gen(function*() {
      const { changesAfter, readings } = noting()
      const { url } = yield* serve({ changesAfter })
      const answer = yield* get(`${url}/api/v1/changes?cursor=${cursor}`)
      assert.strictEqual(answer.status, 200)
      assert.strictEqual(answer.headers.get("content-type"), "application/json")
      const { changes, next_cursor } = answer.json()
      assert.deepStrictEqual(changes, [ofUser("u")])
      assert.deepStrictEqual(decodeChangesCursor(tenant, String(next_cursor)), next)
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
    "consistency=x",
    "from=x",
    "from=",
    "include=x",
    "include=all,x",
    "include="
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

  it.live("begins with every user from the start, and waits for nothing there", () =>
    Effect.gen(function*() {
      const { changesAfter, readings } = noting()
      const { url } = yield* serve({ changesAfter })
      const answer = yield* get(`${url}/api/v1/changes?from=start&wait=60`)
      assert.deepStrictEqual(answer.json()["changes"], [ofUser("u")])
      assert.deepStrictEqual(readings, [
        { place: { ...place, generation: -1 }, options: { limit: 500, waitSeconds: 0, consistency: { _tag: "Eventual" } } }
      ])
      assert.deepStrictEqual((yield* get(`${url}/api/v1/changes?from=now`)).json()["changes"], [])
    }))

  it.live("answers 400 to a cursor and a beginning together", () =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      for (const from of ["start", "now"]) {
        const answer = yield* get(`${url}/api/v1/changes?cursor=${cursor}&from=${from}`)
        assert.deepNestedInclude(answer.json(), { status: 400, "issues[0].path": ["query", "from"] })
      }
    }))

  it.live("tells what the log kept, who was erased, and documents", () =>
    Effect.gen(function*() {
      const kept = { generation: 4, slices: [{ slice: Slice(3), position: Position(6) }] }
      const erased = [{ ref: "r", slice: Slice(4) }]
      const changesAfter: After = () => Effect.succeed({ kept, erased, changes: [user("a"), user("gone")], next })
      const asked: Array<unknown> = []
      const { url } = yield* serve({
        changesAfter,
        read: (_, users, { areNamed, sections }) => {
          asked.push([users, sections, areNamed])
          return Effect.succeed(users.filter((id) => id !== "gone").map(document))
        }
      })
      const answer = yield* get(`${url}/api/v1/changes?cursor=${cursor}&include=logins,casino`)
      assert.deepStrictEqual(answer.json(), {
        kept,
        erased,
        changes: [{ ...ofUser("a"), document: document("a") }, { ...ofUser("gone"), document: null }],
        next_cursor: encodeChangesCursor(tenant, next)
      })
      yield* get(`${url}/api/v1/changes?cursor=${cursor}&include=all`)
      assert.deepStrictEqual(asked, [
        [["a", "gone"], ["casino", "logins"], true],
        [["a", "gone"], ["casino", "payments", "logins"], false]
      ])
    }))

  it.live("has a problem in place of a document that is too large, and stops for nobody", () =>
    Effect.gen(function*() {
      const changesAfter: After = () =>
        Effect.succeed({ kept: undefined, erased: [], changes: ["a", "rows", "bytes", "b"].map(user), next })
      const { url } = yield* serve({
        changesAfter,
        read: (_, users) =>
          users.includes(UserId("rows"))
            ? Effect.fail(new TooManyRows({ section: "casino", limit: 1000, detail: "so many" }))
            : Effect.succeed(users.map((id) => id === "bytes" ? { ...document(id), casino: "x".repeat(maxDocumentBytes) } : document(id)))
      })
      const { changes } = (yield* get(`${url}/api/v1/changes?cursor=${cursor}&include=all`)).json()
      assert.containsSubset(changes, [
        { user_id: UserId("a"), document: document("a") },
        { user_id: UserId("rows"), problem: { type: "too-many-rows", status: 422, section: "casino", limit: 1000, detail: "so many" } },
        { user_id: UserId("bytes"), problem: { type: "answer-too-large", status: 422, limit: maxDocumentBytes } },
        { user_id: UserId("b"), document: document("b") }
      ])
    }))

  it.live("cuts a page where the documents have too many bytes, and gives the cursor of the shorter one", () =>
    Effect.gen(function*() {
      const limits: Array<number> = []
      const changesAfter: After = (_, __, { limit }) =>
        Effect.sync(() => {
          limits.push(limit)
          const positions = vectorOf([[Slice(9), Position(limit)]])
          return { kept: undefined, erased: [], changes: ["a", "b", "c", "d"].slice(0, limit).map(user), next: { ...next, positions } }
        })
      const { url } = yield* serve({
        changesAfter,
        read: (_, users) => Effect.succeed(users.map((id) => ({ ...document(id), casino: "x".repeat(maxDocumentBytes / 3) })))
      })
      const { changes, next_cursor } = (yield* get(`${url}/api/v1/changes?cursor=${cursor}&include=all&limit=5000`)).json()
      assert.deepStrictEqual(limits, [500, 2])
      assert.strictEqual((changes as ReadonlyArray<unknown>).length, 2)
      assert.strictEqual(decodeChangesCursor(tenant, String(next_cursor))?.positions[9], 2)
    }))

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
          return Effect.as(Deferred.await(stopped), { kept: undefined, erased: [], changes: [], next })
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
      assert.deepStrictEqual(answer.json(), { kept: null, erased: [], changes: [], next_cursor: cursor })
    }))
})
