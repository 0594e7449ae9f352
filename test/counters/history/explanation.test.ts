import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Counters } from "../../../src/counters/Counters.ts"
import { formatCounterPath, valueAt } from "../../../src/counters/history/counterPath.ts"
import { Explanation } from "../../../src/counters/history/Explanation.ts"
import { EventLog } from "../../../src/event-log/EventLog.ts"
import { Ingest } from "../../../src/ingest/Ingest.ts"
import { casino } from "../../../src/projections/catalog/casino.ts"
import { casinoByGame } from "../../../src/projections/catalog/casinoByGame.ts"
import { logins } from "../../../src/projections/catalog/logins.ts"
import { payments } from "../../../src/projections/catalog/payments.ts"
import type { AnyProjection } from "../../../src/projections/projection/Projection.ts"
import { Position } from "../../../src/values/Position.ts"
import { UserId } from "../../../src/values/UserId.ts"
import { generateItems } from "../../oracle/generateItems.ts"
import { TestDatabase } from "../../support/database/TestDatabase.ts"
import { bulkItems } from "../../support/events/bulkItems.ts"
import { bet } from "../../support/events/events.ts"
import { newEvent } from "../../support/events/newEvent.ts"
import { newTenant } from "../../support/service/newTenant.ts"
import { testService } from "../../support/service/TestService.ts"

/** Fails on a bet named "poison". */
const fragile: AnyProjection = {
  ...casino,
  contribute: (event, context) => {
    if (event.event === "realtime-casino" && event.data.unique_id === "poison") throw new Error("cannot fold poison")
    return casino.contribute?.(event, context) ?? []
  }
}

const all = { after: Position(0), limit: 500 }

const betIn = (currency: string, id: string, amount: string) => {
  const event = bet({ user_id: UserId("user"), unique_id: id, amount, at: "2026-01-01T00:00:00Z" })
  return { ...event, data: { ...event.data, currency } } as typeof event
}

const payment = (status: string, id: string) => ({
  event: "realtime-payment",
  data: {
    user_id: UserId("user"),
    timestamp: "2026-01-31T12:00:00Z",
    payment_id: id,
    type: "deposit",
    status,
    amount: 20.5,
    bonus_code: "",
    currency: "EUR",
    exchange_rate: 1,
    fee_amount: 0,
    note: "",
    origin: "",
    vendor_id: "",
    vendor_name: ""
  }
})

layer(
  testService({ projections: [fragile, payments, logins, casinoByGame] }).pipe(Layer.provideMerge(TestDatabase.layer)),
  { excludeTestServices: true }
)("Explanation", (it) => {
  it.effect("names the events behind a number, each with what it did to it", () =>
    Effect.gen(function*() {
      const tenant = yield* newTenant()
      const outcomes = yield* (yield* EventLog).append([
        newEvent(tenant, betIn("EUR", "1", "10")),
        newEvent(tenant, betIn("a.b", "2", "0.5")),
        newEvent(tenant, betIn("EUR", "3", "0")),
        newEvent(tenant, betIn("A.B", "4", "0.25"))
      ])
      const none = Position(0)
      const [first = none, second = none, third = none, fourth = none] = outcomes.map((outcome) =>
        outcome._tag === "Appended" ? outcome.position : none
      )
      const explanation = yield* Explanation
      const seen = (path: string) =>
        Effect.map(explanation.explain(tenant, UserId("user"), { path, ...all }), (explained) => ({
          ...explained,
          contributions: explained?.contributions.map(({ contribution, logged, value }) => [logged.position, contribution, value])
        }))
      assert.deepInclude(yield* seen("casino.A~1B.bet_amount"), {
        path: "casino.A~1B.bet_amount",
        kind: "amount",
        value: "0.75",
        position: fourth,
        isMore: false,
        contributions: [[second, "0.5", "0.5"], [fourth, "0.25", "0.75"]]
      })
      // A bet of nothing is a bet, and changes no amount.
      assert.deepInclude(yield* seen("casino.EUR.bet_count"), { value: 2, contributions: [[first, 1, 1], [third, 1, 2]] })
      assert.deepInclude(yield* seen("casino.EUR.bet_amount"), { value: "10", contributions: [[first, "10", "10"]] })
      assert.deepInclude(yield* seen("casino.EUR.win_amount"), { value: "0", contributions: [] })
      assert.deepInclude(yield* seen("logins.login_count"), { value: 0, contributions: [] })
      const firstAt = "2026-01-01T00:00:00.000Z"
      assert.deepInclude(yield* seen("casino.EUR.first_at"), { value: firstAt, contributions: [[first, firstAt, firstAt]] })
    }))

  it.effect("explains what is no more", () =>
    Effect.gen(function*() {
      const tenant = yield* newTenant()
      const ingest = yield* Ingest
      for (const status of ["approved", "rollback"]) yield* ingest.batch(tenant, bulkItems([payment(status, "p")]), { strict: false })
      const explained = yield* (yield* Explanation).explain(tenant, UserId("user"), { path: "payments.EUR.deposit_amount", ...all })
      assert.isNull(explained?.value)
      assert.deepStrictEqual(explained?.contributions.map(({ contribution, value }) => [contribution, value]), [
        ["20.5", "20.5"],
        ["-20.5", "0"]
      ])
    }))

  it.effect("keeps what is not there apart from what cannot be there", () =>
    Effect.gen(function*() {
      const tenant = yield* newTenant()
      yield* (yield* EventLog).append([newEvent(tenant, betIn("EUR", "1", "10"))])
      const { explain } = yield* Explanation
      const tagOf = (userId: string, path: string) =>
        Effect.map(Effect.flip(explain(tenant, UserId(userId), { path, ...all })), ({ _tag }) => _tag)
      const unknown = [
        "",
        "casino",
        "casino.EUR",
        "casino.EUR.nope",
        "nope.EUR.bet_count",
        "casino.~.ggr",
        "casino_by_game.game.EUR.bet_count"
      ]
      for (const path of unknown) {
        assert.strictEqual(yield* tagOf("user", path), "NoSuchCounter", path)
        assert.strictEqual(yield* tagOf("nobody", path), "NoSuchCounter", path)
      }
      for (const path of ["casino.USD.bet_count", "casino.eur.bet_count", "payments.EUR.deposit_count"]) {
        assert.strictEqual(yield* tagOf("user", path), "CounterNotFound", path)
      }
      assert.isUndefined(yield* explain(tenant, UserId("nobody"), { path: "casino.EUR.bet_count", ...all }))
      const other = yield* newTenant()
      assert.isUndefined(yield* explain(other, UserId("user"), { path: "casino.EUR.bet_count", ...all }))
    }))

  it.effect("explains a number of one game to who asks for all documents", () =>
    Effect.gen(function*() {
      const tenant = yield* newTenant()
      yield* (yield* EventLog).append(["1", "2"].map((id) => newEvent(tenant, betIn("EUR", id, "10"))))
      const { explain } = yield* Explanation
      const page = { path: "casino_by_game.game.EUR.bet_amount", ...all, documents: "All" } as const
      const explained = yield* explain(tenant, UserId("user"), page)
      assert.deepStrictEqual(explained?.value, "20")
      assert.deepStrictEqual(explained?.contributions.map(({ value }) => value), ["10", "20"])
    }))

  it.effect("says so if the fold fails on one of the events", () =>
    Effect.gen(function*() {
      const tenant = yield* newTenant()
      yield* (yield* EventLog).append(["1", "poison"].map((id) => newEvent(tenant, betIn("EUR", id, "10"))))
      const { explain } = yield* Explanation
      const error = yield* Effect.flip(explain(tenant, UserId("user"), { path: "casino.EUR.bet_count", ...all }))
      assert.deepInclude({ ...error }, { _tag: "ProjectionParked", projections: ["casino"] })
      assert.strictEqual((yield* explain(tenant, UserId("user"), { path: "logins.login_count", ...all }))?.value, 0)
    }))

  it.effect("adds up to what the counters say, page by page and at once", () =>
    Effect.gen(function*() {
      const tenant = yield* newTenant()
      const { items, userIds } = generateItems({ seed: 31, users: 4, itemsPerUser: 60 })
      const decoded = bulkItems(items)
      yield* (yield* Ingest).batch(tenant, decoded, { strict: false })
      const { explain } = yield* Explanation
      const counters = yield* Counters
      const documents = yield* counters.read(tenant, userIds.map((each) => UserId(each)), {
        sections: counters.sections,
        consistency: { _tag: "Strong", waitSeconds: 10 }
      })
      let paged = 0
      for (const document of documents) {
        const currencies = Object.keys(Object(document["casino"])).flatMap((currency) => [
          ["casino", currency, "ggr"],
          ["casino", currency, "last_at"]
        ])
        for (const [section = "", ...names] of [...currencies, ["logins", "longest_streak"], ["logins", "current_streak"]]) {
          const path = formatCounterPath([section, ...names])
          const whole = yield* explain(tenant, document.user_id, { path, ...all })
          assert.deepStrictEqual(whole?.value, valueAt(document[section], names), path)
          assert.isFalse(whole?.isMore)
          const pages = []
          for (let after = 0;;) {
            const page = yield* explain(tenant, document.user_id, { path, after: Position(after), limit: 3 })
            pages.push(...page?.contributions ?? [])
            assert.deepStrictEqual([page?.value, page?.position], [whole?.value, whole?.position])
            if (page?.isMore !== true) break
            const last = page.contributions.at(-1)?.logged.position ?? after
            assert.isAbove(last, after, path)
            after = last
            paged++
          }
          assert.deepStrictEqual(pages, whole?.contributions, path)
        }
      }
      assert.isAbove(paged, 5)
    }))

  it.effect("turns a page as of the moment of the first one, and any page asked for again as of now", () =>
    Effect.gen(function*() {
      const tenant = yield* newTenant()
      const log = yield* EventLog
      const { explain } = yield* Explanation
      const append = (ids: ReadonlyArray<string>) => log.append(ids.map((id) => newEvent(tenant, betIn("EUR", id, "10"))))
      const page = (after: number) =>
        Effect.map(explain(tenant, UserId("user"), { path: "casino.EUR.bet_amount", after: Position(after), limit: 2 }), (explained) => ({
          ...explained,
          contributions: explained?.contributions.map(({ logged, value }) => [logged.position, value])
        }))
      const [stored] = yield* append(["1", "2", "3"])
      // Another test's user may have events in the same slice.
      const before = stored?._tag === "Appended" ? stored.position - 1 : assert.fail()
      const contributions = (...nths: ReadonlyArray<number>) => nths.map((nth) => [before + nth, `${nth * 10}`])
      const first = yield* page(0)
      assert.deepInclude(first, { value: "30", position: Position(before + 3), isMore: true, contributions: contributions(1, 2) })
      yield* append(["4", "5"])
      assert.deepInclude(yield* page(before + 2), {
        value: "30",
        position: Position(before + 3),
        isMore: false,
        contributions: contributions(3)
      })
      assert.deepInclude(yield* page(before + 2), {
        value: "50",
        position: Position(before + 5),
        isMore: true,
        contributions: contributions(3, 4)
      })
      assert.deepInclude(yield* page(before + 4), {
        value: "50",
        position: Position(before + 5),
        isMore: false,
        contributions: contributions(5)
      })
    }))
})
