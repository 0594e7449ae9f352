import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { connect } from "node:net"
import { DatabaseUnavailable } from "../../../src/database/DatabaseUnavailable.ts"
import { EventLogCorrupt, EventLogUnavailable } from "../../../src/event-log/EventLog.ts"
import { Overloaded } from "../../../src/ingest/Admission.ts"
import { type Ingest, type IngestError, StrictRefusal } from "../../../src/ingest/Ingest.ts"
import type { RejectedItem } from "../../../src/ingest/IngestReport.ts"
import { MailboxFull } from "../../../src/ingest/UserProcessors.ts"
import { parsedItems } from "../../support/events/bulkItems.ts"
import { until } from "../../support/time/until.ts"
import { bulkPath, postBulk, serve, type Stubs, tenant } from "../serve.ts"

const rejected: ReadonlyArray<RejectedItem> = [{
  index: 1,
  event: "realtime-casino",
  id: "u-17",
  reason: "invalid",
  issues: [{ path: ["data", "amount"], message: "must be a number" }]
}]

const three = "[{},{},{}]"

const reporting = (accepted: number, duplicates: number, rejected: ReadonlyArray<RejectedItem>): Stubs => ({
  batch: () => Effect.succeed({ accepted, duplicates, rejected })
})

describe("POST the bulk endpoint", () => {
  it.live("hands on the tenant and the items, all their digits kept", () =>
    Effect.gen(function*() {
      const received: Array<unknown> = []
      const { url } = yield* serve({
        batch: (of, items, options) =>
          Effect.sync(() => received.push([of, parsedItems(items), options])).pipe(
            Effect.as({ accepted: 1, duplicates: 0, rejected: [] })
          )
      })
      yield* postBulk(url, "{\"items\": [{\"amount\": 0.1000000000000000055511151231257827}]}")
      yield* postBulk(url, "[1, null]")
      assert.strictEqual(
        JSON.stringify(received),
        JSON.stringify([[tenant, ["?"], { strict: false }], [tenant, [1, null], { strict: false }]]).replace(
          "\"?\"",
          "{\"amount\":0.1000000000000000055511151231257827}"
        )
      )
    }))

  it.live.each(
    [
      ["stored", three, reporting(3, 0, [])],
      ["stored or there before", three, reporting(1, 2, [])],
      ["there before", three, reporting(0, 3, [])],
      ["absent", "{\"items\": []}", reporting(0, 0, [])],
      ["absent from an array", "[]", reporting(0, 0, [])]
    ] satisfies ReadonlyArray<readonly [string, string, Stubs]>
  )("answers 204 without a body if every item is %s", ([, body, stubs]) =>
    Effect.gen(function*() {
      const { url } = yield* serve(stubs)
      const answer = yield* postBulk(url, body)
      assert.deepStrictEqual([answer.status, answer.text], [204, ""])
      assert.isNull(answer.headers.get("content-type"))
      assert.isNull(answer.headers.get("preference-applied"))
    }))

  it.live("answers 200 with the report if some items were rejected", () =>
    Effect.gen(function*() {
      const { url } = yield* serve(reporting(1, 1, rejected))
      const answer = yield* postBulk(url, three)
      assert.strictEqual(answer.status, 200)
      assert.strictEqual(answer.headers.get("content-type"), "application/json")
      assert.deepStrictEqual(answer.json(), { accepted: 1, duplicates: 1, rejected })
    }))

  it.live("answers 422 with the report if every item was rejected", () =>
    Effect.gen(function*() {
      const { url } = yield* serve(reporting(0, 0, rejected))
      const answer = yield* postBulk(url, "[{}]")
      assert.strictEqual(answer.status, 422)
      assert.strictEqual(answer.headers.get("content-type"), "application/problem+json")
      const { title, ...others } = answer.json()
      assert.isString(title)
      assert.deepStrictEqual(others, { type: "all-rejected", status: 422, accepted: 0, duplicates: 0, rejected })
    }))

  it.live.each(["{}", "{\"items\": {}}", "{\"item\": []}", "null", "1", "\"[]\""])(
    "answers 422 not-a-batch to %s",
    (body) =>
      Effect.gen(function*() {
        const { url } = yield* serve({ batch: () => Effect.die("stored") })
        const answer = yield* postBulk(url, body)
        assert.strictEqual(answer.status, 422)
        assert.strictEqual(answer.headers.get("content-type"), "application/problem+json")
        assert.strictEqual(answer.json()["type"], "not-a-batch")
      })
  )

  it.live("answers 413 with the limit to too many items, and takes just as many", () =>
    Effect.gen(function*() {
      const { url } = yield* serve({ settings: { MAX_ITEMS: "3" } })
      const answer = yield* postBulk(url, "[{},{},{},{}]")
      assert.strictEqual(answer.status, 413)
      assert.strictEqual(answer.headers.get("content-type"), "application/problem+json")
      assert.include(answer.json(), { type: "too-many-items", limit: 3 })
      assert.strictEqual((yield* postBulk(url, three)).status, 204)
    }))

  describe("with strict handling", () => {
    const strict = { prefer: "handling=strict" }

    it.live("asks for it and says so, whatever becomes of the items", () =>
      Effect.gen(function*() {
        const asked: Array<boolean> = []
        const outcomes: ReadonlyArray<ReturnType<Ingest["Service"]["batch"]>> = [
          Effect.succeed({ accepted: 1, duplicates: 0, rejected: [] }),
          Effect.succeed({ accepted: 1, duplicates: 0, rejected }),
          Effect.succeed({ accepted: 0, duplicates: 0, rejected: [...rejected, ...rejected, ...rejected] }),
          Effect.fail(new StrictRefusal({ rejected })),
          Effect.fail(new Overloaded({ what: "events" }))
        ]
        const { url } = yield* serve({
          batch: (_, __, options) => Effect.suspend(() => outcomes[asked.push(options.strict) - 1] ?? Effect.die("no outcome left"))
        })
        for (const status of [204, 200, 422, 422, 503]) {
          const answer = yield* postBulk(url, three, strict)
          assert.strictEqual(answer.status, status)
          assert.strictEqual(answer.headers.get("preference-applied"), "handling=strict")
        }
        assert.deepStrictEqual(asked, outcomes.map(() => true))
      }))

    it.live("answers 422 with what is invalid", () =>
      Effect.gen(function*() {
        const { url } = yield* serve({ batch: () => Effect.fail(new StrictRefusal({ rejected })) })
        const answer = yield* postBulk(url, three, strict)
        assert.strictEqual(answer.headers.get("content-type"), "application/problem+json")
        const { title, ...others } = answer.json()
        assert.isString(title)
        assert.deepStrictEqual(others, { type: "strict-refusal", status: 422, accepted: 0, duplicates: 0, rejected })
      }))
  })

  it.live.each(
    [
      [new Overloaded({ what: "events" }), "overloaded"],
      [new MailboxFull({ userId: "secret" }), "overloaded"],
      [new EventLogUnavailable({ cause: new Error("secret") }), "unavailable"],
      [new EventLogCorrupt({ message: "secret" }), "unavailable"],
      [new DatabaseUnavailable({ operation: "secret", cause: new Error("secret") }), "unavailable"]
    ] satisfies ReadonlyArray<readonly [IngestError, string]>
  )("answers 503 to %s, tells the client nothing of the cause and the log once", ([error, type]) =>
    Effect.gen(function*() {
      const { inFlight, logged, url } = yield* serve({ batch: () => Effect.fail(error) })
      const answer = yield* postBulk(url, three)
      assert.strictEqual(answer.status, 503)
      assert.strictEqual(answer.headers.get("content-type"), "application/problem+json")
      assert.strictEqual(answer.headers.get("retry-after"), "1")
      assert.strictEqual(answer.json()["type"], type)
      assert.notInclude(answer.text, "secret")
      assert.strictEqual(logged.length, 1)
      assert.deepInclude(logged[0]?.annotations, { "http.method": "POST", "http.path": bulkPath, "http.status": 503, "problem.type": type })
      assert.deepStrictEqual(inFlight(), { events: 0, bytes: 0 })
    }))

  it.live("carries a batch through though its sender has gone", () =>
    Effect.gen(function*() {
      const began = yield* Deferred.make<void>()
      const end = yield* Deferred.make<void>()
      let stored = false
      const { inFlight, url } = yield* serve({
        batch: () =>
          Effect.gen(function*() {
            yield* Deferred.succeed(began, undefined)
            yield* Deferred.await(end)
            stored = true
            return { accepted: 1, duplicates: 0, rejected: [] }
          })
      })
      const socket = connect(Number(new URL(url).port), "127.0.0.1")
      socket.write(
        `POST ${bulkPath} HTTP/1.1\r\nHost: x\r\nx-api-key: key-all\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\n[{}]`
      )
      yield* Deferred.await(began)
      socket.destroy()
      assert.strictEqual(inFlight().bytes, 4)
      yield* Deferred.succeed(end, undefined)
      yield* until(() => inFlight().bytes === 0)
      assert.isTrue(stored)
    }))
})
