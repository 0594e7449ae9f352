import { describe, expect, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { createHash } from "node:crypto"
import type { EventType } from "../../src/fasttrack/FastTrackEvent.ts"
import { idempotencyKey } from "../../src/fasttrack/idempotencyKey.ts"
import { eventOf, eventTypes, itemOf, wireData } from "./wireItem.ts"

const namespace = "6ba7b810-9dad-41d1-80b4-00c04fd430c8"
const keyOf = (event: EventType, fields: Readonly<Record<string, string>> = {}) =>
  idempotencyKey(
    namespace,
    eventOf(itemOf(event, Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, JSON.stringify(value)]))))
  )

const keyFields: { readonly [T in EventType]: ReadonlyArray<string> } = {
  "realtime-casino": ["type", "unique_id"],
  "realtime-payment": ["type", "status", "payment_id"],
  "realtime-registration": ["unique_id"],
  "realtime-gameround": ["unique_id"],
  "realtime-sports-bet": ["type", "status", "activity_id"],
  "realtime-login": ["unique_id"]
}

const Id = Schema.String.check(Schema.isPattern(/^[ab",:[\]\\ü]{1,6}$/))

describe("idempotencyKey", () => {
  // Made with Python: uuid.uuid5(namespace, json.dumps([...], ensure_ascii=False, separators=(",",
  // ":"))).
  it("is a name-based UUID of the kind and the key fields", () => {
    expect(keyOf("realtime-casino", { type: "bet", unique_id: "u-1" })).toBe("fa162c63-4db8-570a-b274-b445f4dd2d18")
    expect(keyOf("realtime-casino", { type: "win", unique_id: "u-1" })).toBe("8f507daa-5098-5204-a825-481b506475de")
    expect(keyOf("realtime-payment", { type: "Credit", status: "APPROVED", payment_id: "p-1" })).toBe(
      "ca5d0fd4-6e2b-5a95-8fc9-a9f35e1763a9"
    )
    expect(keyOf("realtime-registration", { unique_id: "u-1" })).toBe("212ae2ef-3bc4-5a04-a7ea-d027c3e7b9af")
    expect(keyOf("realtime-gameround", { unique_id: "u-1" })).toBe("88e30077-54f7-5da9-9340-735c7193dc88")
    expect(keyOf("realtime-sports-bet", { type: "Settlement", status: "Rollback", activity_id: "😀\"\\ ü" })).toBe(
      "e0f70acc-dee2-544c-8c06-570ff6731f63"
    )
    expect(keyOf("realtime-login", { unique_id: "u-1" })).toBe("e0bb337c-533a-593c-b013-eaab5682d275")
    const login = eventOf(itemOf("realtime-login", { unique_id: `"u-1"` }))
    expect(idempotencyKey("FFFFFFFF-ffff-4fff-bfff-ffffffffffff", login)).toBe("9c267d74-85fb-5fc6-86df-501993a61037")
    expect(idempotencyKey(namespace, login)).toBe("e0bb337c-533a-593c-b013-eaab5682d275")
  })

  it("is the same function of the longest ids there are", () => {
    const id = "\u0001".repeat(256)
    const hex = createHash("sha1")
      .update(Buffer.from(namespace.replaceAll("-", ""), "hex"))
      .update(JSON.stringify(["realtime-login", id]))
      .digest("hex")
    const key = keyOf("realtime-login", { unique_id: id })
    expect(key.replaceAll("-", "").slice(0, 12)).toBe(hex.slice(0, 12))
    expect(key.slice(-12)).toBe(hex.slice(20, 32))
  })

  it.each(eventTypes)("of %s changes with its key fields and with no other", (event) => {
    const key = keyOf(event)
    const values: Readonly<Record<string, string>> = {
      type: `"win"`,
      bet_type: `"Multi"`,
      bets: "[]",
      bonus_wager_amount: "7",
      amount: "7"
    }
    const other = (name: string, text: string) =>
      values[name] ?? (/^-?\d/.test(text) ? "7" : text === "true" ? "false" : text === "false" ? "true" : `"2027-01-01T00:00:00Z"`)
    for (const [name, text] of Object.entries(wireData[event])) {
      const changed = idempotencyKey(namespace, eventOf(itemOf(event, { [name]: other(name, text) })))
      if (keyFields[event].includes(name)) expect(changed, name).not.toBe(key)
      else expect(changed, name).toBe(key)
    }
  })

  it("counts type and status of payments and sports bets lower-cased, and nothing else", () => {
    for (const event of ["realtime-payment", "realtime-sports-bet"] as const) {
      const key = keyOf(event, { type: "bet", status: "rollback" })
      expect(keyOf(event, { type: "BET", status: "RollBacK" })).toBe(key)
      // The Kelvin sign is a k to Unicode and none to the contract.
      expect(keyOf(event, { type: "bet", status: "rollbac\u212a" })).not.toBe(key)
      expect(keyOf(event, { type: "bet ", status: "rollback" })).not.toBe(key)
      const id = event === "realtime-payment" ? "payment_id" : "activity_id"
      expect(keyOf(event, { [id]: "a-1" })).not.toBe(keyOf(event, { [id]: "A-1" }))
    }
    expect(keyOf("realtime-login", { unique_id: "a" })).not.toBe(keyOf("realtime-login", { unique_id: "A" }))
  })

  it("differs between kinds, namespaces and normal forms", () => {
    const keys = eventTypes.map((event) => keyOf(event, { unique_id: "1", payment_id: "1", activity_id: "1", type: "bet", status: "bet" }))
    expect(new Set(keys).size).toBe(eventTypes.length)
    const login = eventOf(itemOf("realtime-login"))
    expect(idempotencyKey("00000000-0000-4000-8000-000000000000", login)).not.toBe(idempotencyKey(namespace, login))
    expect(keyOf("realtime-login", { unique_id: "e\u0301" })).not.toBe(keyOf("realtime-login", { unique_id: "\u00e9" }))
    expect(() => idempotencyKey("not-a-uuid", login)).toThrow(TypeError)
  })

  it.prop("is the same only for the same fields", [Id, Id, Id, Id, Id, Id], ([type, status, id, type2, status2, id2]) => {
    const same = type === type2 && status === status2 && id === id2
    const first = keyOf("realtime-payment", { type, status, payment_id: id })
    const second = keyOf("realtime-payment", { type: type2, status: status2, payment_id: id2 })
    expect(first === second).toBe(same)
    // Fields that run into each other.
    expect(keyOf("realtime-payment", { type: `${type},`, status, payment_id: id })).not.toBe(
      keyOf("realtime-payment", { type, status: `,${status}`, payment_id: id })
    )
    expect(first).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  }, { arbitrary: { runs: 500 } })
})
