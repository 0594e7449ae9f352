import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { countValues } from "../../src/fasttrack/countValues.ts"

const countIn = (text: string): number => countValues(Buffer.from(text))

/** The values of a JSON value, it included, and another for every empty list or object. */
const valuesIn = (value: unknown): number => {
  if (typeof value !== "object" || value === null) return 1
  const members: ReadonlyArray<unknown> = Object.values(value)
  return members.length === 0 ? 2 : members.reduce((sum: number, member) => sum + valuesIn(member), 1)
}

describe("countValues", () => {
  it.prop("counts what JSON.parse makes", [Schema.Json], ([json]) => {
    assert.strictEqual(countIn(JSON.stringify(json)), valuesIn(json))
    assert.strictEqual(countIn(JSON.stringify(json, null, 2)), valuesIn(json))
  })

  it.prop("takes nothing in a text for a value", [Schema.String], ([text]) => {
    assert.strictEqual(countIn(JSON.stringify([`[{,${text}\\",[`, { [text]: text }])), 4)
  })

  it("does not mind a text that does not end", () => {
    assert.strictEqual(countIn("[\"[,[,\\"), 2)
  })
})
