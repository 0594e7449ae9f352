import { NodeServices } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { EventLog } from "../../src/event-log/EventLog.ts"
import { Tenants } from "../../src/tenants/Tenants.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { bet } from "../support/events/events.ts"
import { newEvent } from "../support/events/newEvent.ts"
import { testService } from "../support/service/TestService.ts"
import { runCommand, testSettings } from "./runCommand.ts"

const services = Layer.mergeAll(testService(), NodeServices.layer).pipe(Layer.provideMerge(TestDatabase.layer))

layer(services, { excludeTestServices: true })("explain", (it) => {
  const run = (...args: ReadonlyArray<string>) => Effect.flatMap(testSettings, (settings) => runCommand(["explain", ...args], settings))

  const betIn = (currency: string, id: string, amount: string, type: "bet" | "rollbackbet" = "bet") => {
    const event = bet({ user_id: "player 1", unique_id: id, amount, at: "2026-01-01T00:00:00Z" })
    return { ...event, data: { ...event.data, currency, type } } as typeof event
  }

  it.effect("shows what made a counter what it is, as a table", () =>
    Effect.gen(function*() {
      const tenant = yield* (yield* Tenants).create("brand a", "UTC")
      yield* (yield* EventLog).append([
        newEvent(tenant, betIn("EUR", "first", "10.5")),
        newEvent(tenant, betIn("a.b", "other", "1")),
        newEvent(tenant, betIn("EUR", "evil\u001b[31m", "2")),
        newEvent(tenant, betIn("EUR", "first", "10.5", "rollbackbet"))
      ])
      const { code, stderr, stdout } = yield* run("brand a", "player 1", "casino.EUR.net_bet_amount")
      assert.strictEqual(code, 0, stderr)
      assert.strictEqual(stderr, "")
      const lines = stdout.split("\n").slice(0, -1)
      assert.match(lines[0] ?? "", /^POSITION +OCCURRED AT +EVENT +ID +CONTRIBUTION +VALUE$/)
      assert.match(lines[1] ?? "", /^1 +2026-01-01T00:00:00\.000Z +casino bet 10\.5 EUR game +first +\+10\.5 +10\.5$/)
      assert.match(lines[2] ?? "", /^3 .* evil\\u001b\[31m +\+2 +12\.5$/)
      assert.match(lines[3] ?? "", /^4 .* casino rollbackbet 10\.5 EUR game +first +-10\.5 +2$/)
      assert.deepStrictEqual(lines[4], "")
      assert.match(lines[5] ?? "", /^casino\.EUR\.net_bet_amount is 2 at \d+\/4$/)
      assert.strictEqual(lines.length, 6)

      const counted = yield* run("brand a", "player 1", "casino.EUR.bet_count", "--limit", "1")
      assert.match(counted.stdout, /^1 .* \+1 +1$/m)
      assert.match(counted.stdout, /^casino\.EUR\.bet_count is 2 at /m)
      assert.include(counted.stderr, "There are more events")
      const time = yield* run("brand a", "player 1", "casino.A~1B.last_at")
      assert.match(time.stdout, /^2 .* 2026-01-01T00:00:00\.000Z +2026-01-01T00:00:00\.000Z$/m)
    }))

  it.effect("says what is not there", () =>
    Effect.gen(function*() {
      const tenant = yield* (yield* Tenants).create("brand b", "UTC")
      yield* (yield* EventLog).append([newEvent(tenant, betIn("EUR", "first", "10.5"))])
      const refusals = [
        [["nobody", "player 1", "casino.EUR.ggr"], /There is no tenant "nobody"/],
        [["brand b", "nobody", "casino.EUR.ggr"], /There are no events of the user "nobody"/],
        [["brand b", "player 1", "casino.EUR"], /There is no counter casino\.EUR\. It does not lead to a single value/],
        [["brand b", "player 1", "nope"], /There is no counter nope\. It begins with one of casino, /],
        [["brand b", "player 1", "casino.USD.ggr"], /have never had a value at casino\.USD\.ggr/]
      ] as const
      for (const [args, message] of refusals) {
        const { code, reported, stderr, stdout } = yield* run(...args)
        assert.deepStrictEqual([code, reported, stdout], [1, false, ""])
        assert.match(stderr, message)
        assert.notInclude(stderr, "\n")
      }
      for (const args of [[], ["brand b"], ["brand b", "player 1"], ["brand b", "player 1", "casino.EUR.ggr", "--limit", "0"]]) {
        assert.strictEqual((yield* run(...args)).code, 1)
      }
    }))
})
