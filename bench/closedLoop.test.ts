import { assert, describe, it } from "@effect/vitest"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { closedLoop } from "./closedLoop.ts"
import { postRequest } from "./HttpConnection.ts"

/** A server that tells what it was sent, and answers what it is told to. */
const withServer = async <A>(
  answer: (nth: number) => { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string },
  use: (url: string, bodies: ReadonlyArray<string>) => Promise<A>
): Promise<A> => {
  const bodies: Array<string> = []
  const server = createServer((request, response) => {
    let body = ""
    request.on("data", (chunk) => body += String(chunk))
    request.on("end", () => {
      bodies.push(body)
      const { body: text = "", headers = {}, status } = answer(bodies.length)
      response.writeHead(status, { ...status === 204 ? {} : { "content-length": Buffer.byteLength(text) }, ...headers }).end(text)
    })
  })
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening))
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies)
  } finally {
    server.close()
  }
}

const sending = (url: string, count: number) => {
  let next = 0
  return {
    url,
    next: () => next === count ? undefined : postRequest(url, "/", "key", `é${next++}`),
    connections: 3,
    seconds: 5,
    signal: new AbortController().signal
  }
}

describe("closedLoop", () => {
  it("sends every request, as often as it is told to", () =>
    withServer(() => ({ status: 204 }), async (url, bodies) => {
      const { refused, requests } = await closedLoop({ ...sending(url, 20), times: 2 })
      assert.deepStrictEqual({ refused, requests }, { refused: 0, requests: 40 })
      assert.deepStrictEqual(bodies.toSorted(), Array.from({ length: 40 }, (_, nth) => `é${nth >> 1}`).toSorted())
    }))

  it("sends again what was refused for the moment", () =>
    withServer((nth) => nth === 2 ? { status: 503, headers: { "retry-after": "0" } } : { status: 204 }, async (url, bodies) => {
      const { refused, requests } = await closedLoop(sending(url, 4))
      assert.deepStrictEqual({ refused, requests, sent: bodies.length }, { refused: 1, requests: 4, sent: 5 })
    }))

  it("does not count what was not stored", () =>
    withServer((nth) => nth === 3 ? { status: 200, body: "{\"rejected\":[]}" } : { status: 204 }, async (url) => {
      const failure = await closedLoop(sending(url, 10)).then(() => "", String)
      assert.match(failure, /answered 200: {"rejected":\[\]}/)
    }))
})
