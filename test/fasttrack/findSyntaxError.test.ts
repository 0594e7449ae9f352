import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { findSyntaxError } from "../../src/fasttrack/findSyntaxError.ts"
import { finish } from "../../src/values/steps.ts"

const errorIn = (text: string) => finish(findSyntaxError(new TextEncoder().encode(text)))

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const alphabet = [..."[]{}\",:\\ \n\t0123456789.eE+-truefalsnu/bx\u0001é"]

describe("findSyntaxError", () => {
  it.prop("takes what JSON.parse takes, and nothing else", [Schema.Json, Schema.Array(Schema.Natural)], ([json, changes]) => {
    for (const space of [0, 1]) {
      let text = JSON.stringify(json, null, space)
      assert.isUndefined(errorIn(text))
      for (const change of changes) {
        const at = change % (text.length + 1)
        const character = alphabet[change % alphabet.length] ?? ""
        text = text.slice(0, at) + (change % 3 === 0 ? "" : character) + text.slice(at + change % 2)
        assert.strictEqual(errorIn(text) === undefined, isJson(text), JSON.stringify(text))
      }
    }
  })

  it.prop("points to the end of the longest beginning that could still become JSON", [Schema.Json, Schema.Natural], ([json, number]) => {
    const text = JSON.stringify(json)
    const at = number % text.length
    // Every beginning of JSON is the beginning of JSON, so the error is never before its end; a
    // control character can stand nowhere.
    const error = errorIn(`${text.slice(0, at)}\u0001`)
    assert.isDefined(error)
    assert.strictEqual(error, Buffer.byteLength(text.slice(0, at).toWellFormed()))
  })
})
