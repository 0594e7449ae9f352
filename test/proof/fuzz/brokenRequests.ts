import { gzipSync } from "node:zlib"
import type { Random } from "../../oracle/random.ts"
import { bulkPath } from "../../support/service/sender.ts"
import { apiKey } from "../../support/service/ServiceProcess.ts"
import { neverStored } from "./bulkRequests.ts"
import { cut, type FuzzDraw, type FuzzRequest, httpRequest } from "./FuzzRequest.ts"

const headers = { "x-api-key": apiKey }

const login = (name: string): string =>
  JSON.stringify({
    event: "realtime-login",
    data: { user_id: `${neverStored}${name}`, timestamp: "2026-01-31T12:00:00Z", unique_id: name }
  })

const repeated = (text: string, count: number, separator = ","): string => Array.from({ length: count }, () => text).join(separator)

const bomb = gzipSync(Buffer.alloc(4 * 1024 * 1024, "["))

/** Bodies of which nothing may be stored. */
const absurdBodies = (random: Random, name: string): ReadonlyArray<readonly [string | Uint8Array, ReadonlyArray<number>]> => {
  const item = login(name)
  const depth = 1 + random.below(20_000)
  return [
    ["", [400]],
    [" \r\n\t", [400]],
    [item, [422]],
    [
      random.pick([
        "null",
        "true",
        "0",
        "-0",
        "1e400",
        "\"[]\"",
        "{}",
        "{\"items\":{}}",
        `{"Items":[${item}]}`,
        `{"items":${JSON.stringify(item)}}`
      ]),
      [422]
    ],
    [`{"items":[${item}],"items":[]}`, [204]],
    [`{"__proto__":{"items":[${item}]}}`, [422]],
    [`[${item}`, [400]],
    [`[${item},]`, [400]],
    [`[${item}]]`, [400]],
    [`[${item}]\0`, [400]],
    [`[${item}] // `, [400]],
    [`[NaN,${item}]`, [400]],
    [`['${item}']`, [400]],
    [`[01,${item}]`, [400]],
    [Buffer.concat([Buffer.from(`[${item},"`), Buffer.from([random.pick([0xc0, 0xff, 0xed, 0x80]), 0xa0, 0x80]), Buffer.from("\"]")]), [
      400
    ]],
    [Buffer.from(`[${item}]`, "utf16le"), [400]],
    [cut(random, Buffer.from(`[${item},${item}]`), 2)[0]?.subarray(0, -1) ?? "", [400]],
    ["[".repeat(depth), [400]],
    ["[".repeat(depth) + "]".repeat(depth), depth === 1 ? [204] : [422]],
    [`[${"{\"a\":".repeat(depth)}1e400${"}".repeat(depth)}]`, [422]],
    [`[${repeated(random.pick(["0", "1e400", "-0", "[]", "{}", "\"\"", "null"]), 1 + random.below(3000))}]`, [422]],
    [`{${repeated("\"items\":[]", 1 + random.below(500))}}`, [204]],
    [`[{"event":"realtime-login","data":{${Array.from({ length: 1 + random.below(2000) }, (_, key) => `"k${key}":1`).join(",")}}}]`, [422]],
    [`["${random.pick(["x", "\\u0000", "\\ud800", "é", "😀"]).repeat(1 + random.below(20_000))}"]`, [422]],
    [`[${"1".repeat(1 + random.below(5000))}]`, [422]],
    [`[1e${"9".repeat(1 + random.below(5000))}]`, [422]],
    [bomb, [400]]
  ]
}

/** Bodies so large that they are rare. */
const hugeBodies = (random: Random): ReadonlyArray<readonly [string, ReadonlyArray<number>]> => [
  [repeated("[", 2_000_000, ""), [413]],
  [`[${repeated("[]", 3_000_000)}]`, [413]],
  [`[[${repeated("1e1", 900_000)}]]`, [422, 503]],
  [`[${repeated("0", 10_001)}]`, [413]],
  [`[${repeated("{}", 10_000)}]`, [422, 503]],
  [`["${random.pick(["é", "\\u0001", "x"]).repeat(3_000_000)}"]`, [422]],
  [" ".repeat(33 * 1024 * 1024), [413]]
]

const post = (
  kind: string,
  body: string | Uint8Array,
  more: Readonly<Record<string, string>>,
  statuses: ReadonlyArray<number>
): FuzzRequest => ({
  kind,
  sending: { parts: [httpRequest("POST", bulkPath, { ...headers, ...more }, body)], methods: ["POST"] },
  statuses
})

/** Batches that are none. */
export const absurdRequest = ({ name, random }: FuzzDraw): FuzzRequest => {
  const [body, statuses] = random.pick(random.chance(0.002) ? hugeBodies(random) : absurdBodies(random, name))
  return post("absurd body", body, {}, statuses)
}

/** Batches whose headers are not as they should be: nothing of them may be stored. */
export const mislabelledRequest = ({ name, random }: FuzzDraw): FuzzRequest => {
  const body = `[${login(name)}]`
  const encodings = ["gzip", "br", "deflate", "identity, gzip", "x"]
  const types = [
    "",
    "text/plain",
    "application/xml",
    "multipart/form-data",
    "application/json, text/plain",
    "*/*",
    "json",
    "application/jsonx"
  ]
  const charsets = ["utf-16", "latin1", "x".repeat(5000), "\"utf-7"]
  const keys = ["", "x", "\xff\xfe", "a, b", "x".repeat(9000), "' or 1=1 --", `${apiKey} x`, apiKey.toUpperCase(), name]
  const bearers = ["Bearer", "Basic x", `Bearer ${"x ".repeat(3000)}`, `Bearer ${name}`]
  const preferences = ["\"".repeat(9000), "handling=strict,".repeat(500), ",".repeat(9000), "=;=", "wait=1e9", `"${"\\\"".repeat(5000)}`]
  return random.pick<() => FuzzRequest>([
    () => post("encoded", random.pick([bomb, gzipSync(body), Buffer.from(body)]), { "content-encoding": random.pick(encodings) }, [415]),
    () => post("media type", body, { "content-type": random.pick(types) }, [415]),
    () => post("charset", body, { "content-type": `application/json; charset=${random.pick(charsets)}` }, [415]),
    () => post("wrong key", body, { "x-api-key": random.pick(keys) }, [401, 429]),
    () => post("wrong bearer", body, { "x-api-key": "", authorization: random.pick(bearers) }, [401, 429]),
    () => post("prefer", "[]", { prefer: random.pick(preferences) }, [204])
  ])()
}

const get = `GET /api/v1/users/u/counters HTTP/1.1\r\nHost: x\r\nx-api-key: ${apiKey}\r\n`
const bulk = `POST ${bulkPath} HTTP/1.1\r\nHost: x\r\nx-api-key: ${apiKey}\r\nContent-Type: application/json\r\n`

/**
 * What is no HTTP, or nearly none. The connection may be closed; an answer must be right all the
 * same.
 */
export const malformedRequest = ({ name, random }: FuzzDraw): FuzzRequest => {
  const body = `[${login(name)}]`
  const bytes = random.pick<() => string | Uint8Array>([
    () => "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    () => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    () => Buffer.from(Array.from({ length: 1 + random.below(300) }, () => random.below(256))),
    () => `${random.pick(["get", "GETT", "", " ", "\0", "GET\t", "X".repeat(9000)])} / HTTP/1.1\r\nHost: x\r\n\r\n`,
    () =>
      `GET ${
        random.pick([
          "",
          "*",
          "x",
          "//",
          "http://other/healthz",
          "/\0",
          "/%",
          "/%zz",
          "/%00",
          "/%c0%80",
          "/\xff",
          "/a b",
          `/${"a".repeat(20_000)}`,
          `/?${"a&".repeat(7000)}`,
          "/..%2f..%2fetc",
          "/#x",
          "/;;;"
        ])
      } HTTP/1.1\r\nHost: x\r\n\r\n`,
    () =>
      `${
        random.pick(["OPTIONS *", "CONNECT x:1", "TRACE /", "HEAD /docsx", "PATCH /healthz", "DELETE /api/v1/changes"])
      } HTTP/1.1\r\nHost: x\r\n\r\n`,
    () => `GET /healthz ${random.pick(["HTTP/0.9", "HTTP/1.0", "HTTP/1.2", "HTTP/3", "HTTP/1.1x", "FTP/1.1"])}\r\nHost: x\r\n\r\n`,
    () => "GET /healthz HTTP/1.1\r\n\r\n",
    () => "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    () => `${get}${random.pick(["no header", ": x", "x : y", "x\0: y", " folded: x", "x: \x01", "x: a\nb: c", "x: a\rb"])}\r\n\r\n`,
    () => `${get}${repeated("a: b\r\n", 100 + random.below(2000), "")}\r\n`,
    () => `${get}x: ${"y".repeat(10_000 + random.below(10_000))}\r\n\r\n`,
    () => `${get}Expect: ${random.pick(["x", "100-continue, x", ""])}\r\n\r\n`,
    () =>
      `${get}Connection: ${random.pick(["upgrade", "close, upgrade", "x, close"])}\r\nUpgrade: ${
        random.pick(["websocket", "h2c", "x"])
      }\r\n\r\n`,
    () => `${get}If-None-Match: ${random.pick(["*", "\"", "W/\"", "\"x\"".repeat(3000), "\xff"])}\r\n\r\n`,
    () =>
      `${bulk}Content-Length: ${
        random.pick(["-1", "1x", "+5", "0x5", "1e3", "99999999999999999999999", " ", "5, 6", "100000000"])
      }\r\n\r\n${body}`,
    () => `${bulk}Content-Length: 5\r\nContent-Length: 6\r\n\r\n${body}`,
    () => `${bulk}Content-Length: ${body.length}\r\nTransfer-Encoding: chunked\r\n\r\n${body}`,
    () =>
      `${bulk}Transfer-Encoding: ${random.pick(["x", "gzip, chunked", "chunked, chunked", "chunked, identity", "\vchunked"])}\r\n\r\n${
        body.length.toString(16)
      }\r\n${body}\r\n0\r\n\r\n`,
    () =>
      `${bulk}Transfer-Encoding: chunked\r\n\r\n${
        random.pick(["zz", "-1", "ffffffffffffffffffff", `${body.length.toString(16)}0`, "0x5"])
      }\r\n${body}\r\n0\r\n\r\n`,
    () => `${bulk}Transfer-Encoding: chunked\r\n\r\n5;${"x".repeat(30_000)}\r\n[1,2]\r\n0\r\n\r\n`,
    () => `${bulk}Transfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n${repeated("t: x\r\n", 3000, "")}\r\n`
  ])()
  return {
    kind: "malformed",
    // What follows would be taken for the rest of it.
    sending: { parts: [bytes], methods: ["GET"], last: true },
    mayClose: true
  }
}
