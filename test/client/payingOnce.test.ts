import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { readFileSync } from "node:fs"
import { type ChangedUser, type FastTrackEvent, Playtally } from "../../client/src/index.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { apiKey, startService } from "../support/service/ServiceProcess.ts"
import { mirrorCounters } from "./mirrorCounters.ts"
import { payoutsOf } from "./payoutsOf.ts"

const timestamp = "2026-01-31T12:00:00Z"

const deposit = (payment_id: string, status = "approved"): FastTrackEvent => ({
  event: "realtime-payment",
  data: {
    user_id: "anna",
    payment_id,
    status,
    type: "deposit",
    amount: 20,
    base_amount: 20,
    currency: "EUR",
    vendor_name: "Bank",
    timestamp
  }
})

const stake = (unique_id: string, amount: number, type: "bet" | "rollbackbet" = "bet"): FastTrackEvent => ({
  event: "realtime-casino",
  data: {
    user_id: "anna",
    unique_id,
    type,
    amount,
    currency: "EUR",
    bonus_wager_amount: 0,
    game_id: "starburst",
    round_id: unique_id,
    timestamp
  }
})

describe("an engine that notes what the counters give a right to", () => {
  it.live("notes each payout once, though numbers go down, are told again and begin again", () =>
    Effect.gen(function*() {
      const { url } = yield* startService()
      const playtally = new Playtally({ url, key: apiKey })
      /** The table: a key is there once. */
      const noted = new Map<string, string>()
      let mirror = new Map<string, ChangedUser>()
      let saved: string | undefined
      const cursor = { load: () => saved, save: (next: string) => void (saved = next) }
      /** Follows the changes, and gives the rules of what it has noted. */
      const follow = () =>
        Effect.promise(async () => {
          await mirrorCounters(playtally, { mirror, cursor, until: "caught-up" })
          const payouts = [...mirror.values()].flatMap(payoutsOf).filter(({ key }) => !noted.has(key))
          for (const { key, user_id } of payouts) noted.set(key, user_id)
          return payouts.map(({ rule, step }) => `${rule} ${step}`)
        })
      const send = (...events: ReadonlyArray<FastTrackEvent>) =>
        Effect.promise(async () => assert.deepStrictEqual((await playtally.send(events)).rejected, []))

      yield* send(deposit("d-1"), stake("b-1", 99.999), stake("b-2", 150))
      assert.deepStrictEqual(yield* follow(), ["first-deposit 1", "every-100-EUR-staked 1", "every-100-EUR-staked 2"])

      // The engine has lost its mirror and begins again.
      mirror = new Map()
      saved = undefined
      assert.deepStrictEqual(yield* follow(), [])

      // The numbers go down, and up again.
      yield* send(deposit("d-1", "rollback"), stake("b-2", 150, "rollbackbet"))
      assert.deepStrictEqual(yield* follow(), [])
      assert.deepStrictEqual([...mirror.values()].flatMap(payoutsOf), [])
      yield* send(deposit("d-2"), stake("b-3", 210))
      assert.deepStrictEqual(yield* follow(), ["every-100-EUR-staked 3"])

      // The user begins again.
      assert.strictEqual(yield* Effect.promise(() => playtally.erase("anna")), "erased")
      assert.deepStrictEqual(yield* follow(), [])
      assert.strictEqual(mirror.size, 0)
      yield* send(deposit("d-3"), stake("b-4", 100))
      assert.deepStrictEqual(yield* follow(), [])
      assert.strictEqual(mirror.size, 1)
      assert.strictEqual(noted.size, 4)
    }).pipe(Effect.provide(TestDatabase.layer)), 60_000)

  it("is the one that the page shows, and so is its mirror", () => {
    const page = readFileSync(new URL("../../docs/engine.md", import.meta.url), "utf8")
    for (const name of ["payoutsOf.ts", "mirrorCounters.ts"]) {
      const code = readFileSync(new URL(name, import.meta.url), "utf8")
      assert.include(page, code.replaceAll("../../client/src/index.ts", "playtally-client"), name)
    }
  })
})
