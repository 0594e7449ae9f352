import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { clientAddress } from "../../../src/http/authentication/clientAddress.ts"
import { parseAddressRanges } from "../../../src/platform/addressRanges.ts"
import { UnknownApiKey } from "../../../src/tenants/ApiKeys.ts"
import { request, serve } from "../serve.ts"

const ranges = (text: string) => {
  const parsed = parseAddressRanges(text)
  return "ranges" in parsed ? parsed.ranges : assert.fail(parsed.wrong)
}

describe("clientAddress", () => {
  const trusted = ranges("127.0.0.1, 10.0.0.0/8,fd00::/8")

  it.each([
    // Of whom nobody is trusted, what they say is not heard.
    ["9.9.9.9", "1.1.1.1", "9.9.9.9"],
    ["127.0.0.1", undefined, "127.0.0.1"],
    ["127.0.0.1", "1.1.1.1", "1.1.1.1"],
    ["::ffff:127.0.0.1", "1.1.1.1", "1.1.1.1"],
    // What a client writes itself stands to the left.
    ["10.1.2.3", "6.6.6.6, 1.1.1.1", "1.1.1.1"],
    ["10.1.2.3", "6.6.6.6, 1.1.1.1 ,10.9.9.9", "1.1.1.1"],
    ["fd00::1", "1.1.1.1:4711, [fd12::2]:80", "1.1.1.1"],
    ["10.1.2.3", "10.0.0.1, 10.0.0.2", "10.0.0.1"],
    ["10.1.2.3", "unknown", "10.1.2.3"],
    ["10.1.2.3", "6.6.6.6, _hidden, 10.0.0.2", "10.0.0.2"],
    ["10.1.2.3", "", "10.1.2.3"],
    ["10.1.2.3", "::ffff:1.1.1.1", "1.1.1.1"],
    // A network of IPv6 is one client.
    ["10.1.2.3", "2001:DB8:0:1:ffff::1", "2001:db8:0:1::/64"],
    ["10.1.2.3", "2001:db8::1:2:3:4%eth0", "2001:db8:0:0::/64"],
    ["10.1.2.3", "::1", "0:0:0:0::/64"],
    ["2001:db8:0:1::9", "1.1.1.1", "2001:db8:0:1::/64"],
    ["", "1.1.1.1", ""]
  ])("of %j with %j is %j", (peer, header, address) => {
    assert.strictEqual(clientAddress(trusted, peer, header), address)
  })

  it("looks at a few hops of a long header only", () => {
    const began = performance.now()
    assert.strictEqual(clientAddress(trusted, "10.0.0.1", `6.6.6.6,${"10.0.0.2,".repeat(1700)}10.0.0.3`), "10.0.0.2")
    for (let nth = 0; nth < 1000; nth++) clientAddress(trusted, "10.0.0.1", ",".repeat(16_000))
    assert.isBelow(performance.now() - began, 500)
  })

  it.live("is what unknown keys are counted by, where the proxy is trusted", () =>
    Effect.gen(function*() {
      const asked: Array<string | undefined> = []
      const stub = {
        authenticate: (_: unknown, address?: string) => Effect.suspend(() => (asked.push(address), Effect.fail(new UnknownApiKey())))
      }
      const headers = { "x-api-key": "k", "x-forwarded-for": "6.6.6.6, 1.1.1.1" }
      const alone = yield* serve(stub)
      yield* request(`${alone.url}/api/v1/users/u/counters`, { headers })
      const behind = yield* serve({ ...stub, settings: { TRUSTED_PROXIES: "127.0.0.0/8" } })
      yield* request(`${behind.url}/api/v1/users/u/counters`, { headers })
      assert.deepStrictEqual(asked, ["127.0.0.1", "1.1.1.1"])
    }))
})
