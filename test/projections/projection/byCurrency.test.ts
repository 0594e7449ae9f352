import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import { byCurrency } from "../../../src/projections/projection/byCurrency.ts"
import { amount, count, countDifference, days, difference, earliest, greatest, latest } from "../../../src/projections/projection/Column.ts"

const section = byCurrency({
  round_count: { ...count, description: "All of them" },
  won_count: { ...count, hidden: true },
  dates: { ...days, hidden: true },
  lost_count: countDifference("round_count", "won_count"),
  bet_amount: amount,
  biggest_win: greatest,
  ggr: difference("bet_amount", "biggest_win"),
  first_at: earliest,
  last_at: latest
})
const context = { timeZone: "UTC", now: 0 }
const row = {
  currency: "EUR",
  first_at: null,
  last_at: Date.UTC(1899, 11, 31),
  ggr: "-0.000000000000000001",
  biggest_win: "1.5",
  bet_amount: "1.499999999999999999",
  lost_count: -1,
  dates: [[0, 1]],
  won_count: 3,
  round_count: 2
}
const figures = {
  round_count: 2,
  lost_count: -1,
  bet_amount: "1.499999999999999999",
  biggest_win: "1.5",
  ggr: "-0.000000000000000001",
  first_at: null,
  last_at: "1899-12-31T00:00:00.000Z"
}

describe("byCurrency", () => {
  it("shows the columns in the order of their declaration, hidden ones left out", () => {
    expect(JSON.stringify(section.present([row], context))).toBe(JSON.stringify({ EUR: figures }))
  })

  it("has a currency for each row, whatever it is called, in the same order for any order of the rows", () => {
    const rows = ["😀", "EUR", "\uff5e", "__PROTO__", "__proto__"].map((currency) => Object.assign({}, row, { currency }))
    const shown = section.present(rows, context)
    expect(Object.keys(Object(shown))).toEqual(["EUR", "__PROTO__", "__proto__", "\uff5e", "😀"])
    expect(JSON.stringify(section.present(rows.toReversed(), context))).toBe(JSON.stringify(shown))
    expect(section.present([], context)).toEqual({})
  })

  it("describes itself", () => {
    const isSection = Schema.is(section.schema)
    expect(isSection({ EUR: figures })).toBe(true)
    const wrong = [
      { round_count: -1 },
      { round_count: "2" },
      { lost_count: 0.5 },
      ...["1.50", "-0", "01", "1e3", ".5", "1.", "-", ""].map((bet_amount) => ({ bet_amount })),
      { last_at: "1899-12-31T00:00:00Z" },
      { last_at: 0 },
      { ggr: null },
      { ggr: undefined }
    ]
    expect(wrong.filter((change) => isSection({ EUR: { ...figures, ...change } }))).toEqual([])

    const { definitions, schema } = Schema.toJsonSchemaDocument(section.schema)
    const figuresSchema = Object(schema).additionalProperties
    expect(figuresSchema.required).toEqual(Object.keys(figures))
    expect(figuresSchema.properties.round_count).toMatchObject({ type: "integer", minimum: 0, allOf: [{ description: "All of them" }] })
    expect(figuresSchema.properties.bet_amount).toEqual({ $ref: "#/$defs/Decimal" })
    expect(definitions["Decimal"]).toMatchObject({ type: "string", pattern: expect.any(String) })
  })
})
