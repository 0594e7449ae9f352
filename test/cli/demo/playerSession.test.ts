import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { playerOf } from "../../../src/cli/demo/Player.ts"
import { playerSession } from "../../../src/cli/demo/playerSession.ts"
import { decodeItem } from "../../../src/fasttrack/decodeItem.ts"
import type { EventOf, EventType, FastTrackEvent } from "../../../src/fasttrack/FastTrackEvent.ts"
import { parseJson } from "../../../src/fasttrack/parseJson.ts"
import { amountOf, sum } from "../../oracle/decimal.ts"

const startedAt = Date.UTC(2026, 5, 15, 12)

/** The session's events as the service reads them from the wire. */
const eventsOf = (player: number, session: number, seed = 1): ReadonlyArray<FastTrackEvent> =>
  playerSession({ run: "test", seed, player: playerOf(player), session })
    .map(({ after, item }) => Result.getOrThrow(decodeItem(parseJson(JSON.stringify(item(startedAt + after))))))

const sessions = Array.from({ length: 300 }, (_, index) => eventsOf(1 + index % 100, 1 + Math.floor(index / 100)))

const of = <T extends EventType>(events: ReadonlyArray<FastTrackEvent>, kind: T): ReadonlyArray<EventOf<T>> =>
  events.filter((event): event is FastTrackEvent & EventOf<T> => event.event === kind)

const grouped = <A>(values: ReadonlyArray<A>, keyOf: (value: A) => string): ReadonlyArray<ReadonlyArray<A>> => [
  ...Map.groupBy(values, keyOf).values()
]

const total = (amounts: ReadonlyArray<string>): bigint => sum(amounts.map((raw) => amountOf({ raw })))

describe("a player's session", () => {
  it("belongs to one player and begins with a login", () => {
    for (const events of sessions) {
      assert.strictEqual(new Set(events.map(({ userId }) => userId)).size, 1)
      assert.strictEqual(events[0]?.event, "realtime-login")
      assert.strictEqual(events[0]?.occurredAt, startedAt)
    }
  })

  it("takes every payment through a life that payments have", () => {
    const lives = new Set<string>()
    for (const payment of sessions.flatMap((events) => grouped(of(events, "realtime-payment"), ({ data }) => data.payment_id))) {
      lives.add(payment.map(({ data }) => data.status).join(" "))
      assert.strictEqual(new Set(payment.map(({ data }) => `${data.type} ${data.amount} ${data.currency} ${data.base_amount}`)).size, 1)
    }
    assert.deepStrictEqual([...lives].sort(), [
      "requested approved",
      "requested approved rollback",
      "requested cancelled",
      "requested rejected"
    ])
  })

  it("tells of every round that was played the game round that its casino events add up to", () => {
    let rolledBack = 0
    for (const events of sessions) {
      const gameRounds = new Map(of(events, "realtime-gameround").map(({ data }) => [data.unique_id, data]))
      for (const round of grouped(of(events, "realtime-casino"), ({ data }) => data.round_id)) {
        const { currency, game_id, round_id } = round[0]?.data ?? assert.fail()
        const amountsOf = (type: string) => round.filter(({ data }) => data.type === type).map(({ data }) => data.amount)
        const bonusOf = (type: string) => round.filter(({ data }) => data.type === type).map(({ data }) => data.bonus_wager_amount)
        const gameRound = gameRounds.get(round_id)
        gameRounds.delete(round_id)
        if (amountsOf("rollbackbet").length > 0) {
          rolledBack++
          assert.deepStrictEqual(amountsOf("rollbackbet"), amountsOf("bet"))
          assert.isUndefined(gameRound)
          continue
        }
        assert.isAtLeast(amountsOf("win").length + amountsOf("loss").length, 1)
        assert.strictEqual(gameRound?.game_id, game_id)
        assert.strictEqual(gameRound?.user_currency, currency)
        assert.strictEqual(total([gameRound?.total_bet_user ?? ""]), total(amountsOf("bet")))
        assert.strictEqual(total([gameRound?.bonus_bet_user ?? ""]), total(bonusOf("bet")))
        assert.strictEqual(total([gameRound?.total_win_user ?? ""]), total(amountsOf("win")) - total(amountsOf("rollbackwin")))
      }
      assert.strictEqual(gameRounds.size, 0)
    }
    assert.isAbove(rolledBack, 0)
  })

  it("settles every bet that stands exactly once, after it, in its currency", () => {
    for (const events of sessions) {
      const sports = of(events, "realtime-sports-bet")
      const isBet = ({ data }: EventOf<"realtime-sports-bet">) => data.type === "Bet"
      for (const bet of grouped(sports.filter(isBet), ({ data }) => data.activity_id)) {
        const { activity_id, bet_type, bets, currency } = bet[0]?.data ?? assert.fail()
        assert.strictEqual(bet_type === "Single", bets?.length === 1)
        const settlements = sports.filter((event) => !isBet(event) && event.data.activity_id_reference === activity_id)
        const standing = grouped(settlements, ({ data }) => data.activity_id)
          .filter((settlement) => settlement.every(({ data }) => data.status === "Approved"))
        assert.strictEqual(standing.length, bet.some(({ data }) => data.status === "Rollback") ? 0 : 1)
        for (const { data, occurredAt } of settlements) {
          assert.strictEqual(data.currency, currency)
          assert.isAbove(occurredAt, bet[0]?.occurredAt ?? assert.fail())
        }
      }
      const betIds = new Set(sports.filter(isBet).map(({ data }) => data.activity_id))
      for (const { data } of sports.filter((event) => !isBet(event))) assert.isTrue(betIds.has(data.activity_id_reference))
    }
  })

  it("stakes no more than was paid in, brought along and won", () => {
    for (const events of sessions) {
      const player = playerOf(Number(events[0]?.userId.slice("demo-".length)))
      const brought = amountOf({ raw: String(player.stake * 30n) }) / 10n ** BigInt(player.currency.decimals)
      let balance = brought
      for (const { data, event } of events) {
        if (event === "realtime-payment" && data.status === "approved") {
          balance += total([data.amount]) * (data.type === "credit" ? 1n : -1n)
        }
        if (event === "realtime-casino" && (data.type === "bet" || data.type === "rollbackwin")) balance -= total([data.amount])
        if (event === "realtime-casino" && (data.type === "win" || data.type === "rollbackbet")) balance += total([data.amount])
        if (event === "realtime-sports-bet" && data.type === "Bet") {
          balance -= (total([data.amount]) - total([data.bonus_wager_amount])) * (data.status === "Approved" ? 1n : -1n)
        }
        assert.isTrue(balance >= 0n)
      }
    }
  })
})
