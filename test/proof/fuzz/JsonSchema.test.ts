import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { Decimal } from "../../../src/values/jsonValues.ts"
import { seededRandom } from "../../oracle/random.ts"
import { conforms, type JsonSchema, type Resolve, schemaValue, textsAgainstPattern, unknownKeywords } from "./JsonSchema.ts"

const resolve: Resolve = (schema) => schema
const decimal = Schema.toJsonSchemaDocument(Decimal).definitions["Decimal"] as JsonSchema

describe("values made of a schema", () => {
  it("are as its pattern says, or break nothing but it", () => {
    const random = seededRandom(1)
    for (let nth = 0; nth < 100; nth++) assert.isTrue(conforms(resolve, decimal, schemaValue(random, resolve, decimal)))
    const against = textsAgainstPattern(decimal)
    assert.includeMembers([...against], ["1.50", "", "x", "10.5!"])
    for (const text of against) {
      assert.isFalse(conforms(resolve, decimal, text), text)
      assert.isTrue(conforms(resolve, { type: "string" }, text), text)
    }
    assert.throws(() => textsAgainstPattern({ type: "string", pattern: "" }), /no text is known/)
    assert.throws(() => schemaValue(random, resolve, { type: "string", pattern: "^[^\\s\\S]$" }), /no text is known/)
  })
})

describe("keywords that are not known", () => {
  it("are found wherever a schema is, and not in examples", () => {
    const schema = {
      anyOf: [{ items: { additionalProperties: { properties: { multipleOf: { dependentRequired: {} } } } } }],
      example: { not: 1 }
    }
    assert.deepStrictEqual([...unknownKeywords({ paths: { "/": { get: { parameters: [{ schema }] } } } })], ["dependentRequired"])
    assert.deepStrictEqual([...unknownKeywords({ components: { schemas: { example: { multipleOf: 2 } } } })], ["multipleOf"])
  })
})
