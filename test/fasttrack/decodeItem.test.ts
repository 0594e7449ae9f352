import { describe, expect, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { decodeItem } from "../../src/fasttrack/decodeItem.ts"
import type { EventType } from "../../src/fasttrack/FastTrackEvent.ts"
import { eventOf, eventTypes, invalidItemOf, itemOf, objectText, wireData, wireLeg } from "./wireItem.ts"

/**
 * JSON texts of values that are taken, each with that of the canonical form; and of values that are
 * not.
 */
interface Rule {
  readonly good: ReadonlyArray<readonly [wire: string, canonical: string]>
  readonly bad: ReadonlyArray<string>
}

const quoted = (text: string) => JSON.stringify(text)
const asTheyAre = (texts: ReadonlyArray<string>) => texts.map((text) => [quoted(text), quoted(text)] as const)
const unstorable = [`"a\\u0000"`, `"\\u0000"`, `"\\ud800"`, `"\\udc00\\ud800"`, `"x\\udfffy"`]
const notText = ["5", "true", "{}", "[]", `["a"]`, "12345678901234567890"]

const text: Rule = {
  good: asTheyAre(["", "x", " not trimmed\t", "EUR", "ü😀\u0001", "__proto__", "a".repeat(4096), "😀".repeat(4096)]),
  bad: [...notText, ...unstorable, quoted("a".repeat(4097)), quoted("😀".repeat(4097)), quoted("a".repeat(9000))]
}
const short = (max: number): Rule => ({
  good: asTheyAre(["x", " ", "ü😀", "CaSe", "a".repeat(max), "😀".repeat(max)]),
  bad: [...notText, ...unstorable, `""`, quoted("a".repeat(max + 1)), quoted("😀".repeat(max + 1))]
})
const id = short(256)
const userId: Rule = { good: [...id.good, ...asTheyAre(["...", ". ", "./."])], bad: [...id.bad, `"."`, `".."`] }
/** JSON integers and the texts they mean. */
const integers = [["0", `"0"`], ["-0", `"0"`], ["7", `"7"`], ["-7", `"-7"`], ["7.0", `"7"`], ["-0.00", `"0"`], [
  "12345678901234567890",
  `"12345678901234567890"`
]] as const
const orInteger = (rule: Rule): Rule => ({
  good: [...rule.good, ...integers, ...[16, 17, 22, 200].map((digits) => ["9".repeat(digits), quoted("9".repeat(digits))] as const)],
  bad: [...rule.bad.filter((text) => !/^\d+$/.test(text)), "1.5", "1e3", "1E0", "1e21", "1e+21", "0.1e1", "1e400", "12345678901234567890.5"]
})
const label = short(64)
const currency = short(32)
const oneOf = (...values: ReadonlyArray<string>): Rule => ({
  good: asTheyAre(values),
  bad: [...notText, `""`, ...values.map((value) => quoted(value.toUpperCase())), ...values.map((value) => quoted(` ${value}`))].filter((
    bad
  ) => !values.map(quoted).includes(bad))
})
const number: Rule = {
  good: [
    ["0", `"0"`],
    ["-0", `"0"`],
    ["-0.0e5", `"0"`],
    ["0e999999999", `"0"`],
    ["12.5", `"12.5"`],
    ["12.50", `"12.5"`],
    ["-3.25", `"-3.25"`],
    ["1e3", `"1000"`],
    ["1.5E-7", `"0.00000015"`],
    ["0.1", `"0.1"`],
    ["0.000000000000000001", `"0.000000000000000001"`],
    ["123456789.123456789123456789", `"123456789.123456789123456789"`],
    ["999999999999999999999999", `"999999999999999999999999"`],
    ["1e23", `"${`1${"0".repeat(23)}`}"`],
    ["1e-30", `"0.${"0".repeat(29)}1"`],
    ["10e-31", `"0.${"0".repeat(29)}1"`],
    [`${"9".repeat(24)}.${"9".repeat(30)}`, `"${"9".repeat(24)}.${"9".repeat(30)}"`],
    [`-${"9".repeat(24)}.${"9".repeat(30)}`, `"-${"9".repeat(24)}.${"9".repeat(30)}"`]
  ],
  bad: [
    `"12.5"`,
    `""`,
    "true",
    "[]",
    "[1]",
    "{}",
    `{"rawJSON":"1"}`,
    "1e24",
    "-1e24",
    "1000000000000000000000000",
    "1e-31",
    `0.${"0".repeat(30)}1`,
    `1.${"1".repeat(31)}`,
    "1e400",
    "1e999999999",
    "-1e-999999999",
    `1e${"9".repeat(400)}`,
    `1e-${"9".repeat(400)}`,
    "9".repeat(1000)
  ]
}
const flag: Rule = { good: [["true", "true"], ["false", "false"]], bad: [`"true"`, `""`, "0", "1", "[]", "{}"] }
const time: Rule = {
  good: [
    [`"2026-02-01T20:00:00.5+01:30"`, `"2026-02-01T18:30:00.500Z"`],
    [`"2024-02-29 9:08:07"`, `"2024-02-29T09:08:07.000Z"`],
    [`"2026-02-01T20:00:00.123Z"`, `"2026-02-01T20:00:00.123Z"`],
    [`"2026-02-01T20:00:00.123456789Z"`, `"2026-02-01T20:00:00.123Z"`],
    [`"2026-02-01T9:00:00.1239z"`, `"2026-02-01T09:00:00.123Z"`],
    [`"2026-02-01T9:00:00.1239Z"`, `"2026-02-01T09:00:00.123Z"`],
    [`"1900-01-01T00:00:00+01:00"`, `"1899-12-31T23:00:00.000Z"`],
    [`"2200-12-31T23:59:59.999-23:59"`, `"2201-01-01T23:58:59.999Z"`]
  ],
  bad: [
    ...notText,
    ...unstorable,
    `""`,
    `"2026-02-30T00:00:00Z"`,
    `"2026-02-01"`,
    `"1767225600000"`,
    `"now"`,
    `"1899-12-31T23:59:59Z"`,
    `" 2026-02-01T20:00:00Z"`
  ]
}
const nested = (levels: number) => `${`{"a":`.repeat(levels - 1)}{}${"}".repeat(levels - 1)}`
const nestedLists = (levels: number) => `{"a":${"[".repeat(levels - 1)}${"]".repeat(levels - 1)}}`
const object: Rule = {
  good: [
    ["{}", "{}"],
    [`{"b":[1,"x",null,true,{}],"a":{"c":-0}}`, `{"a":{"c":0},"b":[1,"x",null,true,{}]}`],
    [`{"n":[1.0,1e0,1,10e-1,0.10,1e-7,12345678901234567890.10]}`, `{"n":[1,1,1,1,0.1,0.0000001,12345678901234567890.1]}`],
    [`{"__proto__":{"x":1},"constructor":2,"a":3,"10":4,"9":5}`, `{"9":5,"10":4,"__proto__":{"x":1},"a":3,"constructor":2}`],
    [`{"rawJSON":"5"}`, `{"rawJSON":"5"}`],
    [nested(16), nested(16)],
    [nestedLists(16), nestedLists(16)]
  ],
  bad: [
    "5",
    `"x"`,
    "[]",
    "[{}]",
    "true",
    "12345678901234567890",
    nested(17),
    nestedLists(17),
    ...unstorable.flatMap((bad) => [`{"a":${bad}}`, `{"a":[[${bad}]]}`, `{${bad}:1}`]),
    `{"a":{"b":1e24}}`,
    `{"a":[1e-31]}`,
    `{"a":${quoted("a".repeat(4097))}}`
  ]
}
const list = (element: Rule): Rule => ({
  good: [["[]", "[]"], ...element.good.map(([wire, canonical]) => [`[${wire},${wire}]`, `[${canonical},${canonical}]`] as const)],
  bad: ["5", `"x"`, "{}", "true"]
})

/**
 * How a field may be missing: required, or what stands for it when it is absent (undefined:
 * nothing); and whether null is a value.
 */
interface Field {
  readonly rule: Rule
  readonly absent: string | undefined | "required"
  /** Whether null is taken; where the field may be absent, null is read as if it were. */
  readonly nullable: boolean
}
const required = (rule: Rule): Field => ({ rule, absent: "required", nullable: false })
const requiredNullable = (rule: Rule): Field => ({ rule, absent: "required", nullable: true })
const optionalNullable = (rule: Rule): Field => ({ rule, absent: "null", nullable: true })
const optional = (rule: Rule, byDefault?: string): Field => ({ rule, absent: byDefault, nullable: true })

const delivery = { entry_timestamp: optionalNullable(time), process_timestamp: optionalNullable(time) }

// The published API (fields, enums, nulls, defaults) with the limits of
// docs/design.md#the-bulk-endpoint.
const contract: { readonly [T in EventType]: Readonly<Record<string, Field>> } = {
  "realtime-casino": {
    ...delivery,
    unique_id: required(id),
    game_id: required(orInteger(text)),
    round_id: required(orInteger(text)),
    type: required(oneOf("bet", "win", "loss", "rollbackbet", "rollbackwin")),
    amount: required(number),
    currency: required(currency),
    bonus_wager_amount: required(number)
  },
  "realtime-payment": {
    ...delivery,
    payment_id: required(orInteger(id)),
    type: required(label),
    status: required(label),
    amount: required(number),
    currency: required(currency),
    base_amount: optional(number, `"0"`),
    vendor_name: required(text)
  },
  "realtime-registration": {
    ...delivery,
    unique_id: required(id),
    username: required(text),
    registration_date: required(time),
    country: required(text),
    currency: required(currency),
    gender: requiredNullable(text),
    consent_email: requiredNullable(flag),
    segmentation_isPromoBanned: optionalNullable(flag)
  },
  "realtime-gameround": {
    ...delivery,
    unique_id: required(id),
    game_id: required(orInteger(text)),
    user_currency: required(currency),
    meta_reporting_currency: optionalNullable(currency),
    bonus_bet_user: required(number),
    total_bet_user: required(number),
    total_bet_base: optional(number, `"0"`),
    bonus_win_user: required(number),
    total_win_user: required(number),
    total_win_base: optional(number, `"0"`)
  },
  "realtime-sports-bet": {
    ...delivery,
    activity_id: required(id),
    activity_id_reference: required(text),
    amount: required(number),
    bet_type: required(oneOf("Single", "Multi", "System", "Teaser")),
    odds: optional(number),
    total_odds: optional(number),
    bets: optionalNullable({ good: [["[]", "[]"]], bad: ["5", `"x"`, "{}", "true"] }),
    bonus_wager_amount: required(number),
    currency: required(currency),
    is_cashout: optional(flag, "false"),
    status: required(label),
    type: required(label)
  },
  "realtime-login": { ...delivery, unique_id: required(id) }
}
const legContract: Readonly<Record<string, Field>> = {
  is_free_bet: optional(flag, "false"),
  is_risk_free_bet: optional(flag, "false"),
  is_live: optional(flag, "false"),
  tournament_name: required(text),
  sports_name: required(text),
  odds: required(number),
  event_name: optionalNullable(text),
  market: optionalNullable(text),
  match_start: optionalNullable(time),
  outcomes: optional(list(object)),
  meta: optional(object)
}

/**
 * Puts one value, or none, in the place of a field, and tells what is read there or what is wrong.
 */
interface Place {
  readonly path: ReadonlyArray<string | number>
  readonly itemWith: (text: string | null) => string
  readonly read: (item: string) => string | undefined
}

const checkField = ({ absent, nullable, rule }: Field, { itemWith, path, read }: Place) => {
  const isRejected = (text: string | null) => {
    const { issues } = invalidItemOf(itemWith(text))
    expect(issues.map((issue) => issue.path), `${path.join(".")} = ${text?.slice(0, 100)}`).toEqual([path])
    for (const { message } of issues) {
      expect(message).toMatch(/^(must|something in it must|is required)/)
      expect(message.length).toBeLessThanOrEqual(200)
    }
    return issues
  }
  for (const [wire, canonical] of rule.good) expect(read(itemWith(wire)), `${path.join(".")} = ${wire.slice(0, 100)}`).toBe(canonical)
  for (const bad of rule.bad) isRejected(bad)
  if (nullable) expect(read(itemWith("null"))).toBe(absent === "required" ? "null" : absent)
  else isRejected("null")
  if (absent === "required") expect(isRejected(null)).toEqual([{ path, message: "is required" }])
  else expect(read(itemWith(null))).toBe(absent)
}

const stringify = (value: unknown): string | undefined => JSON.stringify(value)

describe("decodeItem", () => {
  describe.each(eventTypes)("%s", (event) => {
    it("knows the published fields and no others", () => {
      expect(["user_id", "timestamp", ...Object.keys(contract[event])].sort()).toEqual(Object.keys(wireData[event]).sort())
      const { data } = eventOf(itemOf(event))
      expect(Object.keys(data).sort()).toEqual(Object.keys(contract[event]).sort())
    })

    it.each(Object.keys(contract[event]))("%s", (name) => {
      const field = contract[event][name]
      if (field === undefined) throw new Error(name)
      checkField(field, {
        path: ["data", name],
        itemWith: (text) => itemOf(event, { [name]: text }),
        read: (item) => stringify(Reflect.get(eventOf(item).data, name))
      })
    })

    it("user_id", () => {
      checkField(required(userId), {
        path: ["data", "user_id"],
        itemWith: (text) => itemOf(event, { user_id: text }),
        read: (item) => stringify(eventOf(item).userId)
      })
    })

    it("timestamp", () => {
      checkField(required(time), {
        path: ["data", "timestamp"],
        itemWith: (text) => itemOf(event, { timestamp: text }),
        read: (item) => stringify(new Date(eventOf(item).occurredAt))
      })
    })

    it("drops what is not in the schemas", () => {
      const plain = eventOf(itemOf(event))
      const more = `{"brand":"x","data":${
        objectText({ ...wireData[event], is_round_end: "1e999", Amount: nested(60), "__proto__": `{"type":5}` })
      },"event":"${event}"}`
      expect(eventOf(more)).toStrictEqual(plain)
    })

    it("tells all wrong fields, five at most, each once", () => {
      const names = Object.keys(contract[event])
      const { issues } = invalidItemOf(itemOf(event, Object.fromEntries([...names, "user_id", "timestamp"].map((name) => [name, "[[]]"]))))
      expect(new Set(issues.map(({ path }) => path.join("."))).size).toBe(issues.length)
      expect(issues).toHaveLength(Math.min(5, names.length + 2))
      const two = invalidItemOf(itemOf(event, { timestamp: `"soon"`, [names.at(-1) ?? ""]: "{}" }))
      expect(two.issues.map(({ path }) => path)).toEqual([["data", "timestamp"], ["data", names.at(-1)]])
    })
  })

  describe("bets[]", () => {
    const itemWith = (change: Readonly<Record<string, string | null>>) => {
      const leg = Object.entries({ ...wireLeg, ...change }).filter((field): field is [string, string] => field[1] !== null)
      return itemOf("realtime-sports-bet", { bets: `[${objectText(wireLeg)},${objectText(Object.fromEntries(leg))}]` })
    }
    const legOf = (item: string) => {
      const { data, event } = eventOf(item)
      const leg = event === "realtime-sports-bet" ? data.bets?.[1] : undefined
      if (leg === undefined) throw new Error(item)
      return leg
    }

    it.each(Object.keys(legContract))("%s", (name) => {
      const field = legContract[name]
      if (field === undefined) throw new Error(name)
      checkField(field, {
        path: ["data", "bets", 1, name],
        itemWith: (text) => itemWith({ [name]: text }),
        read: (item) => stringify(Reflect.get(legOf(item), name))
      })
    })

    it("knows the published fields and drops others", () => {
      expect(Object.keys(legContract).sort()).toEqual(Object.keys(wireLeg).sort())
      expect(Object.keys(legOf(itemWith({ selection: `"x"`, "__proto__": "{}" }))).sort()).toEqual(Object.keys(wireLeg).sort())
    })

    it.each(["5", "null", `"x"`, "[]", "12345678901234567890"])("cannot hold %s", (leg) => {
      const { issues } = invalidItemOf(itemOf("realtime-sports-bet", { bets: `[${objectText(wireLeg)},${leg}]` }))
      for (const { path } of issues) expect(path.slice(0, 3)).toEqual(["data", "bets", 1])
      expect(issues.length).toBeGreaterThan(0)
    })

    it("outcomes[] cannot hold what is no object or a bad one", () => {
      for (const bad of object.bad) {
        const { issues } = invalidItemOf(itemWith({ outcomes: `[{},${bad}]` }))
        expect(issues.map(({ path }) => path), bad.slice(0, 100)).toEqual([["data", "bets", 1, "outcomes", 1]])
      }
    })

    it("tells of very long lists without looking at all of them", () => {
      const bad = (count: number) => `[${"0,".repeat(count)}0]`
      expect(invalidItemOf(itemOf("realtime-sports-bet", { bets: bad(19_000) })).issues.map(({ path }) => path)).toEqual([[
        "data",
        "bets",
        0
      ]])
      expect(invalidItemOf(itemWith({ outcomes: bad(19_000) })).issues.map(({ path }) => path)).toEqual([
        ["data", "bets", 1, "outcomes", 0]
      ])
    })
  })

  describe("what is no item", () => {
    const reportOf = (item: string) => {
      const { event, id, issues } = invalidItemOf(item)
      return [event, id, ...issues.map(({ message, path }) => `${path.join(".")} ${message}`)]
    }
    const events = eventTypes.join(", ")

    it.each(["null", "5", `"x"`, "true", "[]", "[{}]", "1e400"])("%s", (item) => {
      expect(reportOf(item)).toEqual([null, null, " must be an object"])
    })

    it("an item without event or data, or with others", () => {
      expect(reportOf("{}")).toEqual([null, null, "event is required"])
      expect(reportOf(`{"event":"realtime-casino"}`)).toEqual(["realtime-casino", null, "data is required"])
      for (const data of ["null", "[]", `[{"unique_id":"u"}]`, "5", "1e400", `"x"`]) {
        expect(reportOf(`{"event":"realtime-login","data":${data}}`)).toEqual(["realtime-login", null, "data must be an object"])
      }
      for (const event of ["null", "5", "[]", `["realtime-casino"]`, "{}", `"\\u0000"`, `"\\ud800"`, `""`, quoted("x".repeat(65))]) {
        expect(reportOf(`{"event":${event},"data":{"unique_id":"u-1"}}`)).toEqual([null, "u-1", `event must be one of ${events}`])
      }
      for (const event of ["realtime-refund", "Realtime-Casino", " realtime-casino", "casino", "constructor", "toString", "__proto__"]) {
        expect(reportOf(`{"event":"${event}","data":{"payment_id":"p-1"}}`)).toEqual([event, "p-1", `event must be one of ${events}`])
      }
    })

    it("an inherited field is none", () => {
      expect(reportOf(`{"__proto__":${itemOf("realtime-casino")}}`)).toEqual([null, null, "event is required"])
      expect(reportOf(`{"event":"realtime-login","data":{"__proto__":${objectText(wireData["realtime-login"])}}}`).slice(2)).toEqual([
        "data.user_id is required",
        "data.timestamp is required",
        "data.unique_id is required"
      ])
    })
  })

  describe("the id of an invalid item", () => {
    it.each(
      [
        ["realtime-casino", "unique_id"],
        ["realtime-payment", "payment_id"],
        ["realtime-registration", "unique_id"],
        ["realtime-gameround", "unique_id"],
        ["realtime-sports-bet", "activity_id"],
        ["realtime-login", "unique_id"]
      ] as const
    )("of %s is its %s", (event, field) => {
      const idOf = (id: string | null) =>
        invalidItemOf(itemOf(event, { unique_id: null, payment_id: null, activity_id: null, timestamp: "0", [field]: id })).id
      expect(idOf(`"X 1"`)).toBe("X 1")
      expect(idOf(quoted("😀".repeat(256)))).toBe("😀".repeat(256))
      for (const bad of [null, "null", "5.5", `""`, `"a\\u0000"`, `"\\ud800"`, quoted("a".repeat(257))]) expect(idOf(bad)).toBeNull()
      expect(idOf("5")).toBe(field === "payment_id" ? "5" : null)
      const others = ["unique_id", "payment_id", "activity_id"].filter((name) => name !== field)
      expect(invalidItemOf(itemOf(event, { ...Object.fromEntries(others.map((name) => [name, `"other"`])), [field]: null })).id).toBeNull()
    })
  })

  describe("the latest timestamp taken", () => {
    const latest = Date.parse("2026-01-31T12:00:00.123Z")
    const decodedAt = (timestamp: string) => decodeItem(JSON.parse(itemOf("realtime-login", { timestamp: quoted(timestamp) })), { latest })

    it("is the last millisecond that is taken, in any zone", () => {
      for (const timestamp of ["2026-01-31T12:00:00.123Z", "2026-01-31T14:00:00.1239+0200", "1999-01-01T00:00:00Z"]) {
        expect(Result.isSuccess(decodedAt(timestamp)), timestamp).toBe(true)
      }
      for (const timestamp of ["2026-01-31T12:00:00.124Z", "2026-01-31T12:00:00.124-00:01", "2099-01-01T00:00:00Z"]) {
        expect(Result.getOrThrow(Result.flip(decodedAt(timestamp)))).toMatchObject({
          event: "realtime-login",
          id: "l-1",
          issues: [{
            path: ["data", "timestamp"],
            message: "must not lie so far in the future: the latest taken now is 2026-01-31T12:00:00.123Z"
          }]
        })
      }
    })

    it("is no limit for other times", () => {
      const item = itemOf("realtime-registration", {
        registration_date: quoted("2099-01-01T00:00:00Z"),
        entry_timestamp: quoted("2099-01-01T00:00:00Z")
      })
      expect(Result.isSuccess(decodeItem(JSON.parse(item), { latest }))).toBe(true)
    })
  })

  it("takes the last of repeated keys, as JSON.parse does", () => {
    expect(eventOf(`{"event":"x","event":"realtime-login","data":5,"data":${objectText(wireData["realtime-login"])}}`).event).toBe(
      "realtime-login"
    )
  })

  it("never repeats a value in a message", () => {
    for (const event of eventTypes) {
      for (const name of Object.keys(wireData[event])) {
        for (const value of [`"s3cret\\u0000"`, `{"s3cret":"s3cret"}`, `["s3cret"]`]) {
          const item = itemOf(event, { [name]: value })
          if (name === "activity_id" || name === "unique_id" || name === "payment_id") expect(invalidItemOf(item).id).toBeNull()
          expect(JSON.stringify(invalidItemOf(item).issues)).not.toContain("s3cret")
        }
      }
    }
  })
})
