import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { type Answer, bulkPath, get, request, sendRaw, serve } from "../serve.ts"

const counters = "/api/v1/users/u/counters"

const assertProblem = (answer: Answer, status: number, type: string) => {
  assert.strictEqual(answer.status, status)
  assert.strictEqual(answer.headers.get("content-type"), "application/problem+json")
  assert.include(answer.json(), { type, status })
  assert.isString(answer.json()["title"])
}

describe("frameworkProblems", () => {
  it.live.each(["/", "/api", "/api/v1/user", "/API/v1/users/u/counters", "/api/v1/users/u/counters/x", "//healthz", "/healthz;x"])(
    "answers 404 at %s",
    (path) =>
      Effect.gen(function*() {
        const { url } = yield* serve()
        assertProblem(yield* request(url + path), 404, "not-found")
      })
  )

  it.live.each(
    [
      ["GET", bulkPath, "POST, OPTIONS"],
      ["HEAD", bulkPath, "POST, OPTIONS"],
      ["PUT", bulkPath, "POST, OPTIONS"],
      ["GET", "/api/v1/users/counters", "POST, DELETE, OPTIONS"],
      ["GET", "/api/v1/users/u", "DELETE, OPTIONS"],
      ["POST", counters, "GET, HEAD, OPTIONS"],
      ["DELETE", "/api/v1/users/a%2Fb/events?limit=1", "GET, HEAD, OPTIONS"],
      ["PATCH", "/healthz/", "GET, HEAD, OPTIONS"],
      ["PROPFIND", "/metrics", "GET, HEAD, OPTIONS"],
      ["POST", "/openapi.json", "GET, HEAD, OPTIONS"],
      ["POST", "/docs", "GET, HEAD, OPTIONS"]
    ] satisfies ReadonlyArray<readonly [string, string, string]>
  )("answers 405 with Allow to %s %s", ([method, path, allow]) =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      const answer = yield* request(url + path, { method })
      assert.strictEqual(answer.headers.get("allow"), allow)
      if (method === "HEAD") assert.deepStrictEqual([answer.status, answer.text], [405, ""])
      else assertProblem(answer, 405, "method-not-allowed")
    }))

  it.live("answers OPTIONS with the methods of the path", () =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      const answer = yield* request(url + bulkPath, { method: "OPTIONS" })
      assert.deepStrictEqual([answer.status, answer.headers.get("allow"), answer.text], [204, "POST, OPTIONS", ""])
      assertProblem(yield* request(`${url}/nothing`, { method: "OPTIONS" }), 404, "not-found")
    }))

  it.live("answers HEAD as GET without a body", () =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      const headers = { "x-api-key": "key-all" }
      const got = yield* request(url + counters, { headers })
      const head = yield* request(url + counters, { headers, method: "HEAD" })
      assert.deepStrictEqual([head.status, head.text], [200, ""])
      for (const name of ["etag", "content-type", "content-length"]) assert.strictEqual(head.headers.get(name), got.headers.get(name))
    }))

  it.live.each(["%", "%f", "%zz", "%ff", "%c3", "%ed%a0%80"])("answers 400 to a path with %s", (piece) =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      const answer = yield* sendRaw(
        url,
        `GET /api/v1/users/a${piece}/counters HTTP/1.1\r\nHost: x\r\nx-api-key: key-all\r\nConnection: close\r\n\r\n`
      )
      assert.match(answer, /^HTTP\/1\.1 400 .*application\/problem\+json.*"type":"invalid-request"/s)
    }))

  it.live("answers 400 to a request without Host, if it is HTTP/1.1", () =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      const answer = yield* sendRaw(url, "GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n")
      assert.match(answer, /^HTTP\/1\.1 400 .*application\/problem\+json.*"type":"malformed-request"/s)
      assert.match(yield* sendRaw(url, "GET /healthz HTTP/1.0\r\n\r\n"), /^HTTP\/1\.1 200 /)
    }))

  it.live.each(["HTTP/1.1", "HTTP/1.0"])(
    "answers 400 to a request with two Hosts, the same or not, in %s",
    (version) =>
      Effect.gen(function*() {
        const { url } = yield* serve()
        for (const hosts of ["Host: x\r\nHost: x", "host: x\r\nAccept: */*\r\nHOST: y"]) {
          const answer = yield* sendRaw(url, `GET /healthz ${version}\r\n${hosts}\r\nConnection: close\r\n\r\n`)
          assert.match(answer, /^HTTP\/1\.1 400 .*application\/problem\+json.*"type":"malformed-request"/s)
        }
      })
  )

  it.live("lets no browser take an answer for something else", () =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      for (const path of ["/healthz", "/metrics", "/nothing", counters, bulkPath, "/openapi.json"]) {
        assert.strictEqual((yield* request(url + path)).headers.get("x-content-type-options"), "nosniff", path)
      }
      assert.match(yield* sendRaw(url, "garbage\r\n\r\n"), /x-content-type-options: nosniff/i)
    }))

  it.live("takes an absolute URL as any other", () =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      assert.match(yield* sendRaw(url, "GET http://elsewhere/healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), /^HTTP\/1\.1 200 /)
    }))

  it.live("answers 500 to a defect, tells the client nothing of it and the log once", () =>
    Effect.gen(function*() {
      const { logged, url } = yield* serve({ read: () => Effect.die(new Error("secret")) })
      const answer = yield* get(url + counters)
      assertProblem(answer, 500, "internal-error")
      assert.notInclude(answer.text, "secret")
      assert.strictEqual(logged.length, 1)
      assert.strictEqual(logged[0]?.level, "Error")
      assert.deepInclude(logged[0]?.annotations, { "http.method": "GET", "http.path": counters })
      // The service goes on.
      assert.strictEqual((yield* get(`${url}/healthz`)).status, 200)
    }))

  it.live("answers 500 to what throws where it must not", () =>
    Effect.gen(function*() {
      const { url } = yield* serve({
        batch: () => {
          throw new Error("secret")
        }
      })
      const answer = yield* request(url + bulkPath, {
        method: "POST",
        body: "[{}]",
        headers: { "x-api-key": "key-all", "content-type": "application/json" }
      })
      assertProblem(answer, 500, "internal-error")
      assert.notInclude(answer.text, "secret")
    }))

  it.live("logs nothing of what is answered with less than 500", () =>
    Effect.gen(function*() {
      const { logged, url } = yield* serve()
      for (const path of ["/healthz", "/nothing", counters]) yield* request(url + path)
      assert.deepStrictEqual(logged, [])
    }))
})
