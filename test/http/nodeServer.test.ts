import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { bulkPath, sendRaw, serve } from "./serve.ts"

const problem = (status: number, type: string) =>
  new RegExp(`^HTTP/1\\.1 ${status} .*connection: close.*application/problem\\+json.*\\r\\n\\r\\n\\{.*"type":"${type}".*\\}$`, "is")

describe("nodeServer", () => {
  it.live.each(
    [
      ["what is not HTTP", "hello\r\n\r\n"],
      ["TLS", "\x16\x03\x01\x02\x00\x01"],
      ["a header that is none", "GET /healthz HTTP/1.1\r\nHost: x\r\nno header\r\n\r\n"],
      ["a length that is none", `POST ${bulkPath} HTTP/1.1\r\nHost: x\r\nContent-Length: 1x\r\n\r\n`],
      ["two lengths", `POST ${bulkPath} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n`],
      ["a length and chunks", `POST ${bulkPath} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`],
      [
        "a chunk that is none",
        `POST ${bulkPath} HTTP/1.1\r\nHost: x\r\nx-api-key: key-all\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`
      ]
    ] satisfies ReadonlyArray<readonly [string, string]>
  )("answers 400 to %s", ([, bytes]) =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      assert.match(yield* sendRaw(url, bytes), problem(400, "malformed-request"))
    }))

  it.live.each(
    [
      ["URL", `GET /${"x".repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`],
      ["headers", `GET / HTTP/1.1\r\nHost: x\r\nx: ${"x".repeat(20_000)}\r\n\r\n`]
    ] satisfies ReadonlyArray<readonly [string, string]>
  )("answers 431 to too long %s", ([, bytes]) =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      assert.match(yield* sendRaw(url, bytes), problem(431, "headers-too-large"))
    }))

  it.live("answers 408 to headers that do not end", () =>
    Effect.gen(function*() {
      const { url } = yield* serve({ requestTime: 50 })
      assert.match(yield* sendRaw(url, "GET / HTTP/1.1\r\nHost: x\r\n"), problem(408, "request-timeout"))
    }))

  it.live("answers 417 to an expectation it does not know", () =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      assert.match(yield* sendRaw(url, "GET /healthz HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\n\r\n"), problem(417, "expectation-failed"))
    }))

  it.live("takes no notice of an offer to upgrade", () =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      const answer = yield* sendRaw(
        url,
        `POST ${bulkPath} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n` +
          "x-api-key: key-all\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n[{}]\r\n0\r\n\r\n"
      )
      assert.match(answer, /^HTTP\/1\.1 204 /)
    }))
})
