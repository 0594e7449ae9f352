import * as Effect from "effect/Effect"
import { type HttpServerRequest, HttpServerResponse } from "effect/http"
import { promisify } from "node:util"
import { gzip } from "node:zlib"
import { encodingOf } from "../../http/answers/encodingOf.ts"
import type { Html } from "../markup/html.ts"

/** Bytes from which compressing pays. */
const worthwhile = 2048

const compress = promisify(gzip)

/** What a page may do in the browser: load its own files, and send its forms here. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'"
].join("; ")

/** Headers of every answer of the console. Nothing of it is kept by a browser or a proxy. */
export const pageHeaders = {
  "content-security-policy": policy,
  "cache-control": "no-store",
  // A form of a page without a referrer would have no origin either.
  "referrer-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin"
}

/** Sends HTML, compressed if the browser can read that. */
export const sendPage = (request: HttpServerRequest.HttpServerRequest, body: Html, status: number) =>
  Effect.gen(function*() {
    const bytes = Buffer.from(String(body))
    const contentType = "text/html; charset=utf-8"
    const headers = { ...pageHeaders, vary: "Accept-Encoding, HX-Request" }
    if (bytes.byteLength < worthwhile || encodingOf(request.headers["accept-encoding"]) === "identity") {
      return HttpServerResponse.uint8Array(bytes, { status, contentType, headers })
    }
    // Every browser that reads br reads gzip too, and its first level costs little.
    const compressed = yield* Effect.promise(() => compress(bytes, { level: 1 }))
    return HttpServerResponse.uint8Array(compressed, { status, contentType, headers: { ...headers, "content-encoding": "gzip" } })
  })
