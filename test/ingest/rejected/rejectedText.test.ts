import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { keptItem } from "../../../src/ingest/rejected/keptItem.ts"
import { isNumeric, standsIn, tellTale } from "../../../src/ingest/rejected/rejectedText.ts"
import { finish } from "../../../src/values/steps.ts"
import { TenantId } from "../../../src/values/TenantId.ts"
import { UserId } from "../../../src/values/UserId.ts"

const textOf = (item: unknown) =>
  finish(keptItem(new TextEncoder().encode(typeof item === "string" ? item : JSON.stringify(item)), TenantId("tenant"))).text

const zebra = "zebra9911"

describe("an id", () => {
  it.each<readonly [string, unknown, boolean]>([
    ["under any name", { userId: UserId(zebra) }, true],
    ["deeper", { data: { profile: { user_id: UserId(zebra) } } }, true],
    ["as an element", { user_id: [zebra] }, true],
    ["as a key", { players: { [zebra]: 1 } }, true],
    ["in JSON in a string", { data: JSON.stringify({ user_id: UserId(zebra) }) }, true],
    ["in JSON in a string in a string", JSON.stringify({ data: JSON.stringify({ a: JSON.stringify([zebra]) }) }), true],
    ["spelled with escapes", `{"a":"\\u007aebra9911"}`, true],
    ["spelled with escapes within", { data: `{"a":"\\u007aebra9911"}` }, true],
    ["alone", JSON.stringify(zebra), true],
    ["with spaces", { user_id: UserId(` ${zebra} `) }, false],
    ["in capitals", { user_id: UserId(zebra.toUpperCase()) }, false],
    ["as a part of another", { user_id: UserId(`${zebra}1`), email: `${zebra}@example.com` }, false],
    ["nowhere", {}, false]
  ])("stands in an item %s", (_, item, stands) => {
    const text = textOf(item)
    assert.strictEqual(standsIn(text, UserId(zebra)), stands)
  })

  it.each<readonly [string, string, boolean]>([
    ["9911777", "{\"id\":9911777}", true],
    ["9911777", "[\"x\",9911777.0]", true],
    ["9911777", "{\"id\":9.911777e6}", true],
    ["9911777", "{\"data\":\"{\\\"id\\\": 9911777}\"}", true],
    ["9911777", "{\"id\":99117770,\"x\":-9911777,\"y\":\"9911777 \",\"z\":1.9911777}", false],
    ["1e3", "[1e3]", true],
    ["1000", "[1e3]", true],
    ["1", "{\"date\":\"2026-11-1\",\"data\":\"[ 2026-11-1\"}", false],
    ["amount", "{\"data\":{\"amount\":5}}", false],
    ["amount", "{\"data\":{\"note\":\"amount\"}}", true],
    [",", "[\"a\",\"b\"]", false],
    ["a\"b\\c", JSON.stringify({ x: "a\"b\\c" }), true],
    ["é/😀", JSON.stringify({ x: JSON.stringify({ y: "é/😀" }) }), true]
  ])("%s stands in %s or not", (id, item, stands) => {
    assert.strictEqual(standsIn(textOf(item), UserId(id)), stands)
  })

  it("stands at the end of what an older version has cut within it", () => {
    for (const end of ["\"z", "\"zebra991", "\"{\\\"id\\\":\\\"zeb"]) {
      assert.isTrue(standsIn(`{"a":${end}`, UserId(zebra), true), end)
      assert.isFalse(standsIn(`{"a":${end}`, UserId(zebra)), end)
    }
    for (const end of ["\"", "\"y", "\"zebra99111", "\"\\u00"]) assert.isFalse(standsIn(`{"a":${end}`, UserId(zebra), true), end)
  })

  it.prop(
    "of any kind stands where it was put, at any level, and its tell-tale with it",
    [Schema.NonEmptyString, Schema.Json],
    ([id, json]) => {
      let item: unknown = [json, { id }]
      for (let level = 0; level < 5; level++) {
        const text = textOf(item)
        if (text.length < 16 * 1024) {
          assert.isTrue(standsIn(text, UserId(id)), text)
          assert.include(text, tellTale(UserId(id)))
        }
        item = { [level]: JSON.stringify(item) }
      }
    }
  )

  it("has what stands in every text with it as its tell-tale", () => {
    for (const [id, text] of [["a/bcd", "bcd"], ["é", ""], ["player 17@x.y:z-_", "player 17@x.y:z-_"], ["<b>\"long\"", "long"]] as const) {
      assert.strictEqual(tellTale(UserId(id)), text)
    }
    assert.deepStrictEqual(["17", "-1", "1.5", "1e3", "a", ""].map(isNumeric), [true, true, true, false, false, false])
  })

  it("is looked for in any text in a time that its length decides", () => {
    const length = 16 * 1024
    for (const text of ["\"".repeat(length), "\\".repeat(length), "\"\\\"".repeat(length / 3), "1".repeat(length), "[".repeat(length)]) {
      const began = performance.now()
      assert.isFalse(standsIn(text, UserId(zebra), true))
      assert.isBelow(performance.now() - began, 500, text.slice(0, 5))
    }
  })
})
