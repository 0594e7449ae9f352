import { describe, expect, it } from "@effect/vitest"
import * as Result from "effect/Result"
import type { EventType, FastTrackEvent } from "../../src/fasttrack/FastTrackEvent.ts"
import { idempotencyKey } from "../../src/fasttrack/idempotencyKey.ts"
import { decodePayload, decodeStored, encodePayload, payloadVersion, UnknownPayload } from "../../src/fasttrack/payload.ts"
import { differingFields, sameContent } from "../../src/fasttrack/sameContent.ts"
import { UserId } from "../../src/values/UserId.ts"
import { changeContent } from "../oracle/changeContent.ts"
import { generateItems, seededRandom, toBody } from "../oracle/generateItems.ts"
import { respellItem } from "../oracle/spellings.ts"
import { contentOf } from "../support/events/contentOf.ts"
import { eventOf, eventTypes, itemOf, objectText, wireData, wireLeg } from "./wireItem.ts"

/** Both ways round, as either may have come first. */
const same = (a: FastTrackEvent, b: FastTrackEvent): boolean => {
  const result = sameContent(contentOf(a), contentOf(b))
  expect(sameContent(contentOf(b), contentOf(a))).toBe(result)
  return result
}

const namespace = "6ba7b810-9dad-41d1-80b4-00c04fd430c8"
const generated = generateItems({ seed: 7, users: 20 }).items
const eventOfItem = (item: unknown) => eventOf(toBody([item], "array").slice(1, -1))

describe("encodePayload and decodePayload", () => {
  it("write and read what the log keeps, all but the user and the time", () => {
    expect(JSON.parse(encodePayload(eventOf(itemOf("realtime-casino", { amount: "1.50", entry_timestamp: null }))))).toEqual({
      entry_timestamp: null,
      process_timestamp: "2026-01-31T12:00:02.000Z",
      unique_id: "c-1",
      game_id: "g-1",
      round_id: "r-1",
      type: "bet",
      amount: "1.5",
      currency: "EUR",
      bonus_wager_amount: "0.5"
    })
  })

  it("give every event back", () => {
    for (const item of [...eventTypes.map((event) => itemOf(event)), ...generated.map((item) => toBody([item], "array").slice(1, -1))]) {
      const event = eventOf(item)
      const { data, event: type, occurredAt, userId } = event
      const payload: unknown = JSON.parse(encodePayload(event))
      expect(Result.getOrThrow(decodePayload(type, payloadVersion, payload))).toStrictEqual(data)
      expect(Result.getOrThrow(decodeStored({ event: type, userId, occurredAt, payloadVersion, payload }))).toStrictEqual(event)
    }
  })

  it("give one payload to items that differ in spelling only", () => {
    const random = seededRandom(3)
    for (const item of generated) {
      const event = eventOfItem(item)
      const again = respellItem(random, item)
      // What respelling changes though it is kept as it was sent.
      const { entry_timestamp, process_timestamp } = item.data
      const kept = "status" in item.data ? { type: item.data.type, status: item.data.status } : {}
      const respelled = eventOfItem({ ...again, data: { ...again.data, entry_timestamp, process_timestamp, ...kept } })
      expect(encodePayload(respelled)).toBe(encodePayload(event))
    }
  })

  it("refuse what they do not know", () => {
    for (const version of [0, 2, -1, Number.NaN]) {
      const failure = Result.getOrThrow(Result.flip(decodePayload("realtime-login", version, {})))
      expect(failure).toBeInstanceOf(UnknownPayload)
      expect(failure.event).toBe("realtime-login")
      expect(failure.payloadVersion).toBe(version)
    }
    for (const event of ["realtime-refund", "constructor"]) {
      expect(Result.isFailure(decodeStored({ event, userId: UserId("u"), occurredAt: 0, payloadVersion, payload: {} }))).toBe(true)
    }
  })
})

describe("sameContent", () => {
  it("holds for a resend in other words and not for other content, under one key", () => {
    const random = seededRandom(11)
    for (const item of generated) {
      const event = eventOfItem(item)
      const again = eventOfItem(respellItem(random, item))
      expect(same(event, again), JSON.stringify([item, again])).toBe(true)
      const other = eventOfItem(changeContent(random, item))
      expect(same(event, other), JSON.stringify([item, other])).toBe(false)
      expect(idempotencyKey(namespace, again)).toBe(idempotencyKey(namespace, event))
      expect(idempotencyKey(namespace, other)).toBe(idempotencyKey(namespace, event))
    }
  })

  const changed = (event: EventType, from: Readonly<Record<string, string | null>>, to: Readonly<Record<string, string | null>>) =>
    same(eventOf(itemOf(event, from)), eventOf(itemOf(event, to)))

  it("does not compare the delivery times and unknown fields", () => {
    for (const event of eventTypes) {
      for (const name of ["entry_timestamp", "process_timestamp"]) {
        for (const text of [null, "null", `"2001-01-01T00:00:00Z"`]) expect(changed(event, {}, { [name]: text })).toBe(true)
      }
      expect(changed(event, { extra: "1" }, { extra: "2", more: "{}" })).toBe(true)
    }
  })

  it("compares all other fields, and `timestamp`", () => {
    const texts: Readonly<Record<string, string>> = { type: `"win"`, bet_type: `"Multi"` }
    for (const event of eventTypes) {
      for (const [name, text] of Object.entries(wireData[event])) {
        if (name === "entry_timestamp" || name === "process_timestamp" || name === "user_id") continue
        const other = texts[name] ??
          (name === "bets"
            ? "[]"
            : /^\d/.test(text)
            ? "7"
            : text === "true"
            ? "false"
            : text === "false"
            ? "true"
            : `"2027-01-01T00:00:00Z"`)
        expect(changed(event, {}, { [name]: other }), `${event} ${name}`).toBe(false)
      }
    }
    expect(changed("realtime-login", {}, { timestamp: `"2026-01-31T12:00:00.124Z"` })).toBe(false)
    expect(changed("realtime-login", {}, { timestamp: `"2026-01-31T12:00:00.1239Z"` })).toBe(true)
    expect(changed("realtime-login", {}, { timestamp: `"2026-01-31 13:00:00.123+01:00"` })).toBe(true)
  })

  it("compares numbers by value and times by instant", () => {
    for (const one of ["1.0", "1e0", "10e-1", "1.000000000000000000000000000000"]) {
      expect(changed("realtime-casino", { amount: "1" }, { amount: one })).toBe(true)
    }
    expect(changed("realtime-casino", { amount: "0" }, { amount: "-0.0" })).toBe(true)
    expect(changed("realtime-casino", { amount: "1" }, { amount: "1.000000000000000000000000000001" })).toBe(false)
    expect(changed("realtime-casino", { amount: "9007199254740992" }, { amount: "9007199254740993" })).toBe(false)
    const registered = (text: string) => ({ registration_date: text })
    expect(changed("realtime-registration", registered(`"2026-01-30T08:00:00Z"`), registered(`"2026-01-30 9:00:00.0009+01:00"`))).toBe(true)
    expect(changed("realtime-registration", registered(`"2026-01-30T08:00:00Z"`), registered(`"2026-01-30T08:00:00.001Z"`))).toBe(false)
  })

  it("takes what is absent for null or its default", () => {
    expect(changed("realtime-payment", { base_amount: null }, { base_amount: "0.00" })).toBe(true)
    expect(changed("realtime-gameround", { total_bet_base: null, total_win_base: "0" }, { total_bet_base: "0", total_win_base: null }))
      .toBe(true)
    expect(changed("realtime-gameround", { meta_reporting_currency: null }, { meta_reporting_currency: "null" })).toBe(true)
    expect(changed("realtime-registration", { segmentation_isPromoBanned: null }, { segmentation_isPromoBanned: "null" })).toBe(true)
    expect(changed("realtime-registration", { segmentation_isPromoBanned: null }, { segmentation_isPromoBanned: "false" })).toBe(false)
    expect(changed("realtime-sports-bet", { is_cashout: null, bets: null }, { is_cashout: "false", bets: "null" })).toBe(true)
    expect(changed("realtime-sports-bet", { bets: null }, { bets: "[]" })).toBe(false)
    expect(changed("realtime-sports-bet", { odds: null }, { odds: "0" })).toBe(false)
    expect(changed("realtime-sports-bet", { odds: null, total_odds: "null" }, { odds: "null", total_odds: null })).toBe(true)
    expect(changed("realtime-payment", { base_amount: null }, { base_amount: "null" })).toBe(true)
    expect(changed("realtime-sports-bet", { is_cashout: "null" }, { is_cashout: null })).toBe(true)
  })

  it("lower-cases type and status of payments and sports bets, and nothing else", () => {
    for (const event of ["realtime-payment", "realtime-sports-bet"] as const) {
      expect(changed(event, { type: `"Bet"`, status: `"rollback"` }, { type: `"bET"`, status: `"RollBacK"` })).toBe(true)
      expect(changed(event, { type: `"Bet"`, status: `"rollback"` }, { status: `"rollbac\u212a"`, type: `"Bet"` })).toBe(false)
      expect(changed(event, { currency: `"EUR"` }, { currency: `"eur"` })).toBe(false)
      expect(changed(event, { type: `"Bet"` }, { type: `"Bet "` })).toBe(false)
    }
    expect(changed("realtime-payment", {}, { vendor_name: `"VENDOR"` })).toBe(false)
    expect(changed("realtime-casino", {}, { currency: `"eur"` })).toBe(false)
  })

  it("compares legs by what they say", () => {
    const bets = (change: Readonly<Record<string, string>>) => ({ bets: `[${objectText({ ...wireLeg, ...change })}]` })
    const legsSame = (from: Readonly<Record<string, string>>, to: Readonly<Record<string, string>>) =>
      changed("realtime-sports-bet", bets(from), bets(to))
    expect(legsSame({ odds: "2.5" }, { odds: "2.50" })).toBe(true)
    expect(legsSame({ odds: "2.5" }, { odds: "2.51" })).toBe(false)
    expect(legsSame({ match_start: `"2026-02-01T20:00:00Z"` }, { match_start: `"2026-02-01T21:00:00.0001+01:00"` })).toBe(true)
    expect(legsSame({ meta: `{"a":1,"b":{"c":[1.0,2e2],"d":0.10}}` }, { meta: `{"b":{"d":1e-1,"c":[1,200]},"a":1.00}` })).toBe(true)
    expect(legsSame({ meta: `{"a":12345678901234567890}` }, { meta: `{"a":12345678901234567891}` })).toBe(false)
    expect(legsSame({ meta: `{"a":12345678901234567890}` }, { meta: `{"a":1234567890123456789e1}` })).toBe(true)
    expect(legsSame({ meta: `{"a":1}` }, { meta: `{"a":"1"}` })).toBe(false)
    expect(legsSame({ meta: `{"a":[1,2]}` }, { meta: `{"a":[2,1]}` })).toBe(false)
    expect(legsSame({ meta: `{"a":null}` }, { meta: "{}" })).toBe(false)
    expect(legsSame({ meta: `{"__proto__":{"a":1}}` }, { meta: "{}" })).toBe(false)
    expect(legsSame({ meta: `{"TYPE":"Bet"}` }, { meta: `{"TYPE":"bet"}` })).toBe(false)
    expect(legsSame({ outcomes: `[{"x":1,"y":2}]` }, { outcomes: `[{"y":2,"x":1}]` })).toBe(true)
    expect(legsSame({ outcomes: `[{"x":1},{}]` }, { outcomes: `[{},{"x":1}]` })).toBe(false)
    expect(legsSame({ extra: "1" }, { extra: "2" })).toBe(true)
    const without = (name: string) => Object.fromEntries(Object.entries(wireLeg).filter(([other]) => other !== name))
    for (const name of ["is_free_bet", "is_risk_free_bet", "is_live", "event_name", "market", "match_start", "outcomes", "meta"]) {
      const absent = { bets: `[${objectText(without(name))}]` }
      expect(changed("realtime-sports-bet", absent, bets({ [name]: "null" })), name).toBe(true)
    }
  })

  it("compares the ids that may be integers by their text", () => {
    expect(changed("realtime-casino", { game_id: "7", round_id: `"8"` }, { game_id: `"7"`, round_id: "8" })).toBe(true)
    expect(changed("realtime-gameround", { game_id: "12345678901234567890" }, { game_id: `"12345678901234567890"` })).toBe(true)
    expect(changed("realtime-gameround", { game_id: "12345678901234567890" }, { game_id: `"12345678901234567891"` })).toBe(false)
  })

  it("reads the stored payload whatever its key order and white space", () => {
    const event = eventOf(itemOf("realtime-sports-bet", { bets: `[${objectText({ ...wireLeg, meta: `{"n":12345678901234567890}` })}]` }))
    const { occurredAt } = event
    const payload = JSON.stringify(Object.fromEntries(Object.entries(event.data).toReversed()), null, 1)
    expect(payload).not.toBe(encodePayload(event))
    expect(sameContent(contentOf(event), { payloadVersion, payload, occurredAt })).toBe(true)
    expect(sameContent(contentOf(event), { payloadVersion, payload: payload.replace("67890", "67891"), occurredAt })).toBe(false)
  })

  describe("differingFields", () => {
    const fieldsOf = (event: EventType, from: Readonly<Record<string, string | null>>, to: Readonly<Record<string, string | null>>) =>
      differingFields(contentOf(eventOf(itemOf(event, from))), contentOf(eventOf(itemOf(event, to))))
    const legs = (...changes: ReadonlyArray<Readonly<Record<string, string>>>) => ({
      bets: `[${changes.map((change) => objectText({ ...wireLeg, ...change })).join()}]`
    })

    it("names what differs and nothing else", () => {
      expect(fieldsOf("realtime-payment", {}, { base_amount: "1", vendor_name: `"V"`, status: `"APPROVED"`, extra: "1" })).toEqual([
        "base_amount",
        "vendor_name"
      ])
      expect(fieldsOf("realtime-login", {}, { timestamp: `"2026-01-31T12:00:01Z"`, entry_timestamp: null })).toEqual(["timestamp"])
      expect(fieldsOf("realtime-sports-bet", legs({}, {}), legs({}, { odds: "3", meta: `{"secret":1}` }))).toEqual([
        "bets.1.meta",
        "bets.1.odds"
      ])
      expect(fieldsOf("realtime-sports-bet", legs({}), legs({}, {}))).toEqual(["bets.1"])
      expect(fieldsOf("realtime-sports-bet", { odds: null }, { odds: "3", bets: "null" })).toEqual(["bets", "odds"])
    })

    it("names five fields at most", () => {
      const other = { odds: "3", market: `"2"`, event_name: "null", sports_name: `""`, tournament_name: `""`, is_live: "false" }
      expect(fieldsOf("realtime-sports-bet", legs({}, {}), { ...legs(other, other), amount: "1" })).toHaveLength(5)
    })

    it("names a field of every item that is other content", () => {
      const random = seededRandom(12)
      for (const item of generated) {
        const [event, other] = [eventOfItem(item), eventOfItem(changeContent(random, item))]
        expect(differingFields(contentOf(other), contentOf(event)).length, JSON.stringify([item, other])).toBeGreaterThan(0)
        expect(differingFields(contentOf(eventOfItem(respellItem(random, item))), contentOf(event))).toEqual([])
      }
    })
  })

  it("has no answer for a payload it cannot read", () => {
    const event = eventOf(itemOf("realtime-login"))
    expect(() => sameContent(contentOf(event), { ...contentOf(event), payloadVersion: 2 })).toThrow(UnknownPayload)
  })
})
