import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { connect } from "node:net"
import { parsedItems } from "../../support/events/bulkItems.ts"
import { until } from "../../support/time/until.ts"
import { bulkPath, postBulk, request, sendRaw, serve } from "../serve.ts"

const head = (...headers: ReadonlyArray<string>) =>
  [`POST ${bulkPath} HTTP/1.1`, "Host: x", "x-api-key: key-all", "Content-Type: application/json", ...headers, "", ""].join("\r\n")

const chunked = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`

const smallBodies = { settings: { MAX_BODY_BYTES: "1000" } }

describe("the body of a request", () => {
  it.live.each([
    "application/json",
    "APPLICATION/JSON",
    "application/json; charset=utf-8",
    "application/json;charset=\"UTF-8\"; x=y",
    "application/json ; charset=utf8",
    "application/vnd.fasttrack+json"
  ])("is taken as %s", (type) =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      assert.strictEqual((yield* postBulk(url, "[]", { "content-type": type })).status, 204)
    }))

  it.live.each(
    [
      ["text", { "content-type": "text/plain" }],
      ["a form", { "content-type": "application/x-www-form-urlencoded" }],
      ["JSON in name only", { "content-type": "application/jsonp" }],
      ["JSON in another character set", { "content-type": "application/json; charset=utf-16" }],
      ["lines of JSON", { "content-type": "application/x-ndjson" }],
      ["compressed", { "content-encoding": "gzip" }],
      ["compressed twice", { "content-encoding": "identity, br" }]
    ] satisfies ReadonlyArray<readonly [string, Record<string, string>]>
  )("is refused with 415 as %s", ([, headers]) =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      const answer = yield* postBulk(url, "[]", headers)
      assert.strictEqual(answer.status, 415)
      assert.strictEqual(answer.headers.get("content-type"), "application/problem+json")
      assert.strictEqual(answer.json()["type"], "unsupported-media-type")
    }))

  it.live("is refused with 415 without a Content-Type", () =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      const answer = yield* request(url + bulkPath, { method: "POST", body: new Uint8Array([91, 93]), headers: { "x-api-key": "key-all" } })
      assert.strictEqual(answer.status, 415)
    }))

  it.live("may say that it is not encoded", () =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      assert.strictEqual((yield* postBulk(url, "[]", { "content-encoding": "identity" })).status, 204)
    }))

  it.live.each(
    [
      ["text that is not JSON", "{\"items\": ["],
      ["nothing", ""],
      ["bytes that are not UTF-8", new Uint8Array([...Buffer.from("[\""), 0xff, ...Buffer.from("\"]")])],
      ["an unpaired surrogate in UTF-8", new Uint8Array([...Buffer.from("[\""), 0xed, 0xa0, 0x80, ...Buffer.from("\"]")])]
    ] satisfies ReadonlyArray<readonly [string, string | Uint8Array<ArrayBuffer>]>
  )("is answered 400 malformed-json if it is %s", ([, body]) =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      const answer = yield* postBulk(url, body)
      assert.strictEqual(answer.status, 400)
      assert.strictEqual(answer.json()["type"], "malformed-json")
    }))

  it.live.each(["gzip, chunked", "chunked, chunked", "identity, chunked", "x"])(
    "is refused with 415 as sent with Transfer-Encoding: %s",
    (coding) =>
      Effect.gen(function*() {
        const { url } = yield* serve({ batch: () => Effect.die("stored") })
        const answer = yield* sendRaw(url, head(`Transfer-Encoding: ${coding}`, "Connection: close"), "2\r\n[]\r\n0\r\n\r\n")
        assert.match(answer, /^HTTP\/1\.1 4(?:15|00) .*application\/problem\+json/s)
      })
  )

  it.live("may begin with a byte order mark", () =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      assert.strictEqual((yield* postBulk(url, new Uint8Array([0xef, 0xbb, 0xbf, 91, 93]))).status, 204)
    }))

  it.live("may come in chunks, cut anywhere", () =>
    Effect.gen(function*() {
      const received: Array<unknown> = []
      const { inFlight, url } = yield* serve({
        batch: (_, items) =>
          Effect.sync(() => received.push(...parsedItems(items))).pipe(Effect.as({ accepted: 1, duplicates: 0, rejected: [] }))
      })
      const bytes = Buffer.from(JSON.stringify([{ text: "ü€😀" }]))
      for (let cut = 1; cut < bytes.length; cut++) {
        const answer = yield* sendRaw(
          url,
          head("Transfer-Encoding: chunked", "Connection: close"),
          ...[bytes.subarray(0, cut), bytes.subarray(cut)].map((part) =>
            Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from("\r\n")])
          ),
          "0\r\n\r\n"
        )
        assert.match(answer, /^HTTP\/1\.1 204 /)
      }
      assert.deepStrictEqual(received, Array.from({ length: bytes.length - 1 }, () => ({ text: "ü€😀" })))
      assert.deepStrictEqual(inFlight(), { events: 0, bytes: 0 })
    }))

  describe("of more values than are taken", () => {
    it.live("is refused with 413 and the limit before it is parsed, whatever they are", () =>
      Effect.gen(function*() {
        const { inFlight, url } = yield* serve({ settings: { MAX_ITEMS: "10" }, batch: () => Effect.die("stored") })
        for (
          const body of [
            "[".repeat(500_000),
            `[[${"[],".repeat(250_000)}0]]`,
            `[[${"1e1,".repeat(250_000)}0]]`,
            `{"items":[{${"\"\":{},".repeat(250_000)}"":0}]}`
          ]
        ) {
          const answer = yield* postBulk(url, body)
          assert.strictEqual(answer.status, 413)
          assert.include(answer.json(), { type: "too-many-values", limit: 250_000 })
        }
        assert.deepStrictEqual(inFlight(), { events: 0, bytes: 0 })
      }))

    it.live("is none of a batch of as many sports bets of ten legs as fit into it", () =>
      Effect.gen(function*() {
        const { url } = yield* serve()
        const time = "2026-01-31T12:00:00.000Z"
        const leg = { tournament_name: "L", sports_name: "football", odds: 1.85, event_name: "A - B", market: "1x2", match_start: time }
        const data = {
          user_id: "player",
          timestamp: time,
          activity_id: "bet",
          activity_id_reference: "",
          amount: 10,
          bet_type: "Multi",
          bets: Array.from({ length: 10 }, () => ({ ...leg, is_free_bet: false, is_risk_free_bet: false, outcomes: [{ name: "A" }] })),
          bonus_wager_amount: 0,
          currency: "EUR",
          status: "Approved",
          type: "Bet"
        }
        const body = JSON.stringify(Array.from({ length: 10_000 }, () => ({ event: "realtime-sports-bet", data })))
        assert.isAbove(body.length, 20 * 1024 * 1024)
        assert.strictEqual((yield* postBulk(url, body)).status, 204)
      }))

    it.live("counts as in flight by what it takes in memory", () =>
      Effect.gen(function*() {
        let weighed = 0
        let inFlight = () => ({ events: 0, bytes: 0 })
        const served = yield* serve({
          batch: (_, items) =>
            Effect.sync(() => weighed = inFlight().bytes).pipe(Effect.as({ accepted: items.count, duplicates: 0, rejected: [] }))
        })
        inFlight = served.inFlight
        const { url } = served
        yield* postBulk(url, `[[${"[],".repeat(50_000)}0]]`)
        assert.isAbove(weighed, 3_000_000)
        // A text is no more than it is.
        const text = JSON.stringify(["[,{".repeat(50_000)])
        yield* postBulk(url, text)
        assert.strictEqual(weighed, text.length)
      }))
  })

  describe("of more bytes than are taken", () => {
    it.live("is refused with 413 and the limit; one of just as many is not", () =>
      Effect.gen(function*() {
        const { url } = yield* serve(smallBodies)
        const answer = yield* postBulk(url, "[".padEnd(1000) + "]")
        assert.strictEqual(answer.status, 413)
        assert.include(answer.json(), { type: "body-too-large", limit: 1000 })
        assert.strictEqual((yield* postBulk(url, "[".padEnd(999) + "]")).status, 204)
      }))

    it.live("is refused before it is sent, if its length is announced", () =>
      Effect.gen(function*() {
        const { url } = yield* serve(smallBodies)
        const answer = yield* sendRaw(url, head("Content-Length: 100000000", "Expect: 100-continue"))
        assert.match(answer, /^HTTP\/1\.1 413 .*"limit":1000/s)
        assert.notInclude(answer, "100 Continue")
      }))

    it.live("is cut off while it comes, if it comes in chunks", () =>
      Effect.gen(function*() {
        const { inFlight, url } = yield* serve(smallBodies)
        // It never ends: only the service can.
        const answer = yield* sendRaw(
          url,
          head("Transfer-Encoding: chunked"),
          ...Array.from({ length: 20_000 }, () => chunked(" ".repeat(100)))
        )
        assert.match(answer, /^HTTP\/1\.1 413 .*"limit":1000/s)
        assert.deepStrictEqual(inFlight(), { events: 0, bytes: 0 })
      }))
  })

  it.live("is asked for with 100 Continue once the request is let on", () =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      const answer = yield* sendRaw(url, head("Content-Length: 2", "Expect: 100-continue", "Connection: close"), "[]")
      assert.match(answer, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 204 /)
    }))

  it.live("that takes too long is answered 408, and its connection closed", () =>
    Effect.gen(function*() {
      const { inFlight, url } = yield* serve({ requestTime: 50 })
      const answer = yield* sendRaw(url, head("Content-Length: 100"), "[")
      assert.match(answer, /^HTTP\/1\.1 408 .*connection: close.*content-type: application\/problem\+json.*"type":"request-timeout"/is)
      yield* until(() => inFlight().bytes === 0)
    }))

  it.live("leaves nothing behind if the client goes away before its end", () =>
    Effect.gen(function*() {
      const { inFlight, url } = yield* serve()
      const socket = connect(Number(new URL(url).port), "127.0.0.1")
      socket.write(head("Content-Length: 1000") + "[")
      yield* until(() => inFlight().bytes === 1000)
      socket.destroy()
      yield* until(() => inFlight().bytes === 0)
    }))

  it.live("counts as in flight until the request is answered, one of unknown length as the longest while it comes", () =>
    Effect.gen(function*() {
      const began = yield* Deferred.make<void>()
      const end = yield* Deferred.make<void>()
      const { inFlight, url } = yield* serve({
        settings: { MAX_BODY_BYTES: "1000" },
        batch: () =>
          Effect.andThen(Deferred.succeed(began, undefined), Deferred.await(end)).pipe(
            Effect.as({ accepted: 1, duplicates: 0, rejected: [] })
          )
      })
      const socket = connect(Number(new URL(url).port), "127.0.0.1")
      const closed = new Promise((resolve) => socket.on("close", resolve))
      socket.resume()
      socket.write(head("Transfer-Encoding: chunked", "Connection: close") + chunked("["))
      yield* until(() => inFlight().bytes === 1000)
      socket.write(chunked("]") + "0\r\n\r\n")
      yield* Deferred.await(began)
      assert.strictEqual(inFlight().bytes, 2)
      yield* Deferred.succeed(end, undefined)
      yield* Effect.promise(() => closed)
      assert.strictEqual(inFlight().bytes, 0)
    }))

  it.live("is refused with 503 while there are too many bytes in flight", () =>
    Effect.gen(function*() {
      const { inFlight, url } = yield* serve({ settings: { MAX_BODY_BYTES: "1000", MAX_BYTES_IN_FLIGHT: "2000" } })
      const socket = connect(Number(new URL(url).port), "127.0.0.1")
      socket.write(head("Content-Length: 1000"))
      yield* until(() => inFlight().bytes === 1000)
      const answer = yield* postBulk(url, "[".padEnd(999) + "]")
      assert.strictEqual(answer.status, 503)
      assert.strictEqual(answer.json()["type"], "overloaded")
      assert.strictEqual(answer.headers.get("retry-after"), "1")
      socket.destroy()
      yield* until(() => inFlight().bytes === 0)
      assert.strictEqual((yield* postBulk(url, "[".padEnd(999) + "]")).status, 204)
    }))
})
