import { describe, expect, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { isRawNumber } from "../../src/fasttrack/JsonNumber.ts"
import { parseDeepJson } from "../../src/fasttrack/parseDeepJson.ts"
import { parseJson } from "../../src/fasttrack/parseJson.ts"
import { amountOf } from "../oracle/decimal.ts"

const NumberToken = Schema.String.check(Schema.isPattern(/^-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,9})?([eE][+-]?[0-9])?$/))

/** JSON of all sorts around a number token. */
const around = (token: string) =>
  `\n{"a" :[ ${token},\t[],{},{"${token}":"x:${token} ,${token}"},-1],"\\"b\\\\":{"n":${token}},"__proto__":[${token}\n,null,true,false],"a":${token} }`

const asDoubles = (text: string) => JSON.stringify(JSON.parse(text))

const tokenText = (value: unknown): string => isRawNumber(value) ? value.rawJSON : JSON.stringify(value)

describe("parseJson", () => {
  it.each([
    "0.1",
    "1.5",
    "-0",
    "1.0",
    "1e400",
    "1e-400",
    "-1E+2",
    "0.30000000000000004",
    "123456789012345",
    "1234567890123456",
    "9007199254740993",
    "12345678901234567890.123456789012345678",
    "0.0000001",
    "1e21",
    "0.000000000000000000000000000001",
    "1".repeat(400)
  ])("keeps the digits of %s", (token) => {
    const exact = (value: unknown) => (isRawNumber(value) ? value.rawJSON : typeof value === "number" ? String(value) : undefined)
    for (
      const value of [parseJson(token), (parseJson(`[ ${token}]`) as Array<unknown>)[0], (parseJson(`{"a":${token}}`) as { a: unknown }).a]
    ) {
      // A plain parse is right where a double says the same, though perhaps not in the same
      // characters.
      if (isRawNumber(value)) expect(exact(value)).toBe(token)
      else expect(amountOf({ raw: exact(value) ?? "" })).toBe(amountOf({ raw: token }))
    }
  })

  it.prop("keeps the value of every number, and all else as JSON.parse gives it", [NumberToken], ([token]) => {
    const text = around(token)
    const value = parseJson(text) as Record<string, unknown>
    const numbers = [value["a"], (value["\"b\\"] as { n: unknown }).n, (value["__proto__"] as Array<unknown>)[0]]
    for (const number of numbers) expect(amountOf({ raw: tokenText(number) })).toBe(amountOf({ raw: token }))
    expect(asDoubles(JSON.stringify(value))).toBe(asDoubles(text))
    expect(Object.keys(value)).toEqual(["a", "\"b\\", "__proto__"])
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
  }, { arbitrary: { runs: 1_000 } })

  it.prop("reads what is deep as what is not", [NumberToken, Schema.String, Schema.Json], ([token, string, json]) => {
    for (const text of [around(token), JSON.stringify(string), JSON.stringify([json, { [string]: json }])]) {
      // The V8 of Node 24 takes a name that is an escape, such as "\n", for "\\" if an object that
      // began alike had that name.
      if (JSON.stringify(JSON.parse(text)) !== text && /"(?:\\[^"\\]{1,5}|\\\\)":/.test(text)) continue
      // A number that needs care, as parseDeepJson reads all numbers with care.
      expect(JSON.stringify([parseDeepJson(text), 1])).toBe(JSON.stringify(parseJson(`[${text},1e0]`)).replace(/1e0\]$/, "1]"))
    }
  }, { arbitrary: { runs: 1_000 } })

  it("copes with any depth, with and without long numbers", () => {
    for (const token of ["1", "12345678901234567890"]) {
      let value = parseJson(`${`{"a":[`.repeat(200_000)}${token}${"]}".repeat(200_000)}`) as unknown
      for (let depth = 0; depth < 200_000; depth++) value = (value as { a: Array<unknown> }).a[0]
      expect(tokenText(value)).toBe(token)
    }
  })

  it.each([
    "",
    " ",
    "{",
    "[1,]",
    "{\"a\":1e}",
    "[01]",
    "[1e400",
    "[12345678901234567890,]",
    "'a'",
    "NaN",
    "[-]",
    "\"\n\"",
    "1 2",
    "\ufeff[]"
  ])(
    "refuses %j",
    (text) => {
      expect(() => parseJson(text)).toThrow(SyntaxError)
    }
  )
})
