import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { type CounterPath, formatCounterPath, parseCounterPath, valueAt, valueKind } from "../../../src/counters/history/counterPath.ts"
import { catalog } from "../../../src/projections/catalog/catalog.ts"
import { Count, Decimal, Time } from "../../../src/values/jsonValues.ts"
import { seededRandom } from "../../oracle/random.ts"

describe("a counter's path", () => {
  it("is written in a way that any names can be read back from", () => {
    const random = seededRandom(1)
    const pieces = ["A", "b", ".", "~", "~0", "~1", "~01", "0", "1", "", "/", "%", "€", "😀", " ", "\\"]
    const texts = new Set<string>()
    const paths = new Set<string>()
    for (let times = 0; times < 2_000; times++) {
      const name = () => Array.from({ length: random.below(4) }, () => random.pick(pieces)).join("")
      const path: CounterPath = [name(), ...Array.from({ length: random.below(4) }, name)]
      assert.deepStrictEqual(parseCounterPath(formatCounterPath(path)), path)
      texts.add(formatCounterPath(path))
      paths.add(JSON.stringify(path))
    }
    assert.strictEqual(texts.size, paths.size)
  })

  it("is plain where names are, and escapes dots and tildes", () => {
    assert.strictEqual(formatCounterPath(["casino", "EUR", "bet_amount"]), "casino.EUR.bet_amount")
    assert.strictEqual(formatCounterPath(["casino", "A.B", "bet_amount"]), "casino.A~1B.bet_amount")
    assert.strictEqual(formatCounterPath(["casino", "~1", "ggr"]), "casino.~01.ggr")
  })

  it.each(["~", "casino.~", "casino.~2.ggr", "casino.A~.ggr", "~~0"])("is not %s", (text) => {
    assert.isUndefined(parseCounterPath(text))
  })
})

describe("what a path leads to", () => {
  const kindOf = (text: string) => {
    const [section, ...names] = parseCounterPath(text) ?? [""]
    const projection = catalog.find(({ name }) => name === section)
    return projection === undefined ? undefined : valueKind(projection.section.schema.ast, names)
  }

  it.each([
    ["casino.EUR.bet_count", "count"],
    ["casino.__proto__.bet_count", "count"],
    ["casino.A~1B.ggr", "amount"],
    ["game_rounds.EUR.biggest_multiplier", "amount"],
    ["payments.EUR.last_deposit_at", "other"],
    ["logins.current_streak", "count"],
    ["logins.streak_expires_at", "other"],
    ["profile.currency", "other"],
    ["profile.consent_email", "other"]
  ])("%s: %s", (path, kind) => {
    assert.strictEqual(kindOf(path), kind)
  })

  it.each([
    "",
    "casino",
    "casino.EUR",
    "casino.EUR.",
    "casino.EUR.nope",
    "casino.EUR.bet_count.x",
    "casino.A.B.bet_count",
    "logins",
    "logins.EUR.login_count",
    "profile",
    "profile.toString",
    "constructor.name"
  ])(
    "nothing, or more than one value: %s",
    (path) => assert.isUndefined(kindOf(path))
  )

  it("a value of a union is a number only if it is one in all of its cases", () => {
    const kindIn = (schema: Schema.Top, ...names: ReadonlyArray<string>) => valueKind(schema.ast, names)
    assert.strictEqual(kindIn(Schema.NullOr(Count)), "count")
    assert.strictEqual(kindIn(Schema.NullOr(Decimal)), "amount")
    assert.strictEqual(kindIn(Schema.Union([Decimal, Time])), "other")
    assert.strictEqual(kindIn(Schema.Null), "other")
    assert.strictEqual(kindIn(Schema.Union([Schema.Struct({ a: Count }), Schema.Struct({ b: Decimal })]), "b"), "amount")
    assert.strictEqual(kindIn(Schema.Record(Schema.String, Schema.Record(Schema.String, Count)), "x", "y"), "count")
    assert.strictEqual(kindIn(Schema.Struct({ a: Schema.optionalKey(Decimal) }), "a"), "amount")
    assert.isUndefined(kindIn(Schema.Struct({ a: Count }), "b"))
  })

  it("a value is only found among an object's own members", () => {
    assert.strictEqual(valueAt({ EUR: { bet_count: 2 } }, ["EUR", "bet_count"]), 2)
    assert.strictEqual(valueAt({ EUR: null }, ["EUR"]), null)
    for (const names of [["USD"], ["EUR", "x"], ["EUR", "bet_count", "x"], ["constructor"], ["__proto__"], ["EUR", "toString"]]) {
      assert.isUndefined(valueAt({ EUR: { bet_count: "2" } }, names))
    }
  })
})
