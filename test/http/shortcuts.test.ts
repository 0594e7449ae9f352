import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { IncomingMessage, ServerResponse } from "node:http"
import { DatabaseUnavailable } from "../../src/database/DatabaseUnavailable.ts"
import { EventLogUnavailable } from "../../src/event-log/EventLog.ts"
import { fixedAnswers } from "../../src/http/server/fixedAnswers.ts"
import { fixedHealth } from "../../src/http/service/healthz.ts"
import { Overloaded } from "../../src/ingest/Admission.ts"
import { StrictRefusal } from "../../src/ingest/Ingest.ts"
import type { RejectedItem } from "../../src/ingest/IngestReport.ts"
import { MailboxFull } from "../../src/ingest/UserProcessors.ts"
import { bulkPath, request, sendRaw, serve, type Stubs } from "./serve.ts"

const rejected: ReadonlyArray<RejectedItem> = [{
  index: 0,
  event: "realtime-casino",
  id: "é",
  reason: "invalid",
  issues: [{ path: ["data", "amount"], message: "must be a number" }]
}]

const json = "Content-Type: application/json"
const key = "x-api-key: key-all"

/** A request to the bulk endpoint; the bytes of `body` come with the headers. */
const batch = (body: string, headers: ReadonlyArray<string> = [json, key], extra: ReadonlyArray<string> = []) => (path: string) =>
  [
    `POST ${path} HTTP/1.1`,
    "Host: x",
    "Connection: close",
    ...headers,
    ...extra,
    `Content-Length: ${Buffer.byteLength(body)}`,
    "",
    body
  ].join("\r\n")

const failing = (error: Parameters<typeof Effect.fail<Effect.Error<ReturnType<NonNullable<Stubs["batch"]>>>>>[0]): Stubs => ({
  batch: () => Effect.fail(error)
})

/** What is behind the server, and a request that comes before. */
type Given = Stubs & { readonly before?: (path: string) => string }

/**
 * What answers a request without the router must be what the router answers. A `?` asks the router.
 */
const answersAlike = (what: string, path: string, status: number, requestTo: (path: string) => string, stubs: Given = {}) =>
  it.live(what, () =>
    Effect.gen(function*() {
      const { logged, url } = yield* serve(stubs)
      if (stubs.before !== undefined) yield* sendRaw(url, stubs.before(path))
      const shortcut = yield* sendRaw(url, requestTo(path))
      const saidOfShortcut = logged.splice(0)
      const routed = yield* sendRaw(url, requestTo(`${path}?`))
      const undated = (answer: string) => answer.replace(/^Date: .*$/im, "")
      assert.strictEqual(Number(routed.split(" ")[1]), status)
      assert.strictEqual(undated(shortcut), undated(routed))
      assert.deepStrictEqual(saidOfShortcut, logged)
      const counts = (yield* request(`${url}/metrics`)).text.match(/^playtally_http_request_duration_seconds_count.*$/gm) ?? []
      assert.strictEqual(counts.filter((line) => line.endsWith(" 2")).length, 1, `both are measured alike: ${counts.join("\n")}`)
    }))

describe("a batch past the router is answered as by the router", () => {
  const alike = (status: number, what: string, requestTo: (path: string) => string, stubs?: Given) =>
    answersAlike(what, bulkPath, status, requestTo, stubs)

  alike(204, "if it is stored", batch("[{}]"))
  alike(204, "with the key as a bearer", batch("[{}]", [json, "Authorization: Bearer key-ingest"]))
  alike(
    204,
    "in chunks",
    (path) =>
      `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${json}\r\n${key}\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n[{}]\r\n0\r\n\r\n`
  )
  alike(200, "if some of it was rejected", batch("[{},{}]"), { batch: () => Effect.succeed({ accepted: 1, duplicates: 0, rejected }) })
  alike(422, "if all of it was rejected", batch("[{}]"), { batch: () => Effect.succeed({ accepted: 0, duplicates: 0, rejected }) })
  alike(204, "if it was to be strict", batch("[{}]", [json, key, "Prefer: handling=strict"]))
  alike(422, "if it was refused for it", batch("[{}]", [json, key, "Prefer: handling=strict"]), failing(new StrictRefusal({ rejected })))
  alike(400, "without a body", batch(""))
  alike(400, "with half a body", batch("[{}"))
  alike(422, "with what is no batch", batch("3"))
  alike(413, "with too many items", batch("[{},{}]"), { settings: { MAX_ITEMS: "1" } })
  alike(413, "with too many bytes", batch(`[${" ".repeat(2000)}]`), { settings: { MAX_BODY_BYTES: "1000" } })
  alike(401, "without a key", batch("[{}]", [json]))
  alike(401, "with a wrong key", batch("[{}]", [json, "x-api-key: wrong"]))
  alike(403, "with a key of another scope", batch("[{}]", [json, "x-api-key: key-read"]))
  alike(415, "without a type", batch("[{}]", [key]))
  alike(415, "compressed", batch("[{}]", [json, key, "Content-Encoding: gzip"]))
  alike(400, "with two hosts", batch("[{}]", [json, key, "Host: y"]))
  alike(429, "above the rate", batch("[{}]"), {
    settings: { TENANT_EVENTS_PER_SECOND: "1", TENANT_BURST_SECONDS: "1" },
    // A full bucket lets a batch of any size pass.
    before: batch(`[${"{},".repeat(99)}{}]`)
  })
  alike(503, "without a database for the key", batch("[{}]"), {
    authenticate: () => Effect.fail(new DatabaseUnavailable({ operation: "authenticate", cause: new Error("away") }))
  })
  alike(503, "without room", batch("[{}]"), failing(new Overloaded({ what: "events" })))
  alike(503, "with a full mailbox", batch("[{}]"), failing(new MailboxFull({ userId: "u" })))
  alike(503, "without a log", batch("[{}]"), failing(new EventLogUnavailable({ cause: new Error("away") })))
  alike(500, "after a defect", batch("[{}]"), { batch: () => Effect.die(new Error("broken")) })
})

describe("what is always the same is answered as by the router", () => {
  const get = (...headers: ReadonlyArray<string>) => (path: string) => ["GET " + path + " HTTP/1.1", ...headers, "", ""].join("\r\n")
  const alike = (what: string, requestTo: (path: string) => string) => answersAlike(what, "/healthz", 200, requestTo)

  alike("once", get("Host: x", "Connection: close"))
  alike("in the old protocol", (path) => `GET ${path} HTTP/1.0\r\n\r\n`)
  alike("with a body", (path) => `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi`)
  alike("without the body of the answer", (path) => `HEAD ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)

  it.effect("and at once, unless there is more to it", () =>
    Effect.gen(function*() {
      const answers = yield* fixedAnswers([fixedHealth])
      const written: Array<unknown> = []
      const response = {
        writeHead: (status: number) => ({ end: (text: string) => written.push([status, text]) })
      } as unknown as ServerResponse
      const asked = (about: Partial<IncomingMessage>) =>
        answers({ method: "GET", url: "/healthz", headers: {}, rawHeaders: ["host", "x"], ...about } as IncomingMessage, response)
      assert.isTrue(asked({}))
      assert.deepStrictEqual(written, [[200, "{\"status\":\"ok\"}"]])
      for (
        const about of [
          { method: "HEAD" },
          { url: "/healthz?" },
          { url: "/readyz" },
          { headers: { "content-length": "2" } },
          { headers: { "transfer-encoding": "chunked" } },
          { rawHeaders: [] },
          { rawHeaders: ["host", "x", "Host", "y"] }
        ]
      ) assert.isFalse(asked(about), JSON.stringify(about))
      assert.strictEqual(written.length, 1)
    }))
})
