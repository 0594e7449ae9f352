import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { cutNames, placesOf } from "../../../src/ingest/rejected/cutNames.ts"
import { keptItem, maxItemCharacters } from "../../../src/ingest/rejected/keptItem.ts"
import { finish } from "../../../src/values/steps.ts"
import { TenantId } from "../../../src/values/TenantId.ts"
import { UserId } from "../../../src/values/UserId.ts"

const tenantId = "01234567-89ab-cdef-0123-456789abcdef"
const bytesOf = (text: string) => new TextEncoder().encode(text)
const kept = (text: string) => finish(keptItem(bytesOf(text), TenantId(tenantId)))

/** As the items of before are kept: everything but printable ASCII escaped. */
const escaped = (text: string) => text.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
/**
 * The same JSON with every character of its strings as an escape in capitals, and with white space
 * wherever it may be.
 */
const respelled = (value: unknown): string => {
  const string = (text: string) =>
    `"${Array.from({ length: text.length }, (_, at) => `\\u${text.charCodeAt(at).toString(16).toUpperCase().padStart(4, "0")}`).join("")}"`
  if (typeof value === "string") return ` ${string(value)}\n`
  if (Array.isArray(value)) return `[\t${value.map(respelled).join(" ,\r")} ]`
  if (typeof value !== "object" || value === null) return ` ${JSON.stringify(value)}\t`
  return `{ ${Object.entries(value).map(([key, member]) => `${string(key)} :${respelled(member)}`).join(", ")}\n}`
}

const has = (filter: Uint8Array, userId: string, tenant = tenantId): boolean =>
  placesOf(UserId(userId), TenantId(tenant)).every((place) => {
    const at = place & (filter.length * 8 - 1)
    return ((filter[at >>> 3] ?? 0) >>> (at & 7) & 1) === 1
  })

describe("a rejected item", () => {
  it.prop("is kept in one spelling, however it came", [Schema.Json], ([json]) => {
    const text = JSON.stringify(json)
    const expected = escaped(text)
    if (expected.length > maxItemCharacters) return
    for (const spelling of [text, JSON.stringify(json, null, 2), respelled(json)]) {
      assert.strictEqual(kept(spelling).text, expected)
      assert.strictEqual(kept(spelling).hash, kept(text).hash)
      assert.isNull(kept(spelling).cutNames)
    }
  })

  it("keeps each number as it was written, repeated keys, surrogates without a partner, and what is no JSON", () => {
    for (const text of ["1e400", "-0.10", "{\"a\":1,\"a\":2}", "[\"\\ud800\",\"\\udc00\\udfff\"]", "{{{\"]", "\"\\"]) {
      assert.strictEqual(kept(text).text, text.replace(/\\$/, "\\ufffd"))
    }
    assert.strictEqual(kept("\"😀/\\/\\u007f\u007f\\b\\u0008\"").text, "\"\\ud83d\\ude00//\\u007f\\u007f\\b\\b\"")
    assert.strictEqual(finish(keptItem(Uint8Array.of(0x22, 0xff, 0xc3, 0x22), TenantId(tenantId))).text, "\"\\ufffd\\ufffd\"")
  })

  it("is cut where it is too long, never within an escape, and is another one with every other end", () => {
    for (const [filler, width] of [["x", 1], ["\u007f", 6], ["é", 6], ["😀", 12]] as const) {
      const [one, other] = ["1", "2"].map((end) => kept(`{"a":"${filler.repeat(20_000)}${end}"}`))
      assert.isAbove(one?.text.length ?? 0, maxItemCharacters - width)
      assert.isAtMost(one?.text.length ?? 0, maxItemCharacters)
      assert.match(one?.text ?? "", /^\{"a":"(x+|(\\u[\da-f]{4})+)$/)
      assert.strictEqual(one?.text, other?.text)
      assert.notStrictEqual(one?.hash, other?.hash)
    }
    const fits = "x".repeat(maxItemCharacters - 2)
    assert.isNull(kept(`"${fits}"`).cutNames)
    assert.isNotNull(kept(`"${fits}x"`).cutNames)
  })

  it("takes no step of more than 256 KB or as much work, whatever it is", () => {
    const length = 1024 * 1024
    for (
      const text of [
        `{"a":"${"\u007f".repeat(length)}"}`,
        `{"a":1${" ".repeat(length)}}`,
        "[".repeat(length),
        `"${"\\\"".repeat(length / 2)}"`,
        `[${"1.5e9,".repeat(length / 6)}]`
      ]
    ) {
      let steps = 0
      for (const step = keptItem(bytesOf(text), TenantId(tenantId)); step.next().done !== true;) steps++
      assert.isAtLeast(steps, 3, text.slice(0, 10))
    }
  })
})

describe("the names of an item that is cut", () => {
  const filler = "x".repeat(20_000)
  const namesOf = (item: unknown) => finish(cutNames(bytesOf(typeof item === "string" ? item : JSON.stringify(item)), TenantId(tenantId)))

  it.prop("have every string that is an id, at whatever level of JSON within strings", [Schema.Array(Schema.String)], ([texts]) => {
    const ids = [...texts, "zebra9911", "a/b", "é", "\"q\"", "back\\slash", "back\\nslash", "new\nline", "a b:c,d", "😀", "17"].filter((
      id
    ) => id.length > 0 && id.length <= 256)
    let item: unknown = ids
    for (let level = 0; level < 4; level++) {
      const names = namesOf({ filler, item })
      for (const id of ids) assert.isTrue(has(names, id), `${level}: ${id}`)
      item = JSON.stringify({ item })
    }
    const names = finish(cutNames(bytesOf(respelled(ids)), TenantId(tenantId)))
    for (const id of ids) assert.isTrue(has(names, id), id)
  })

  it("have numbers by their values", () => {
    const names = namesOf("{\"a\":9911777,\"b\":[1e3],\"c\":20.50 ,\"d\":\"[-4e1]\"}")
    for (const id of ["9911777", "1000", "20.5", "-40"]) assert.isTrue(has(names, id), id)
    for (const id of ["991177", "1e3", "100", "20", "40"]) assert.isFalse(has(names, id), id)
  })

  it("have few others, for this tenant alone, and all if there are too many", () => {
    const names = namesOf(Array.from({ length: 3_000 }, (_, index) => `name-${index}`))
    assert.isAtMost(names.length, 8 * 1024)
    const others = Array.from({ length: 10_000 }, (_, index) => `other-${index}`)
    assert.isBelow(others.filter((id) => has(names, id)).length, 100)
    assert.isBelow(others.filter((_, index) => has(names, `name-${index % 3000}`, "another tenant")).length, 100)
    assert.isAtMost(namesOf({ user_id: "one", filler }).length, 16)

    const tooMany = namesOf(Array.from({ length: 60_000 }, (_, index) => `name-${index}`))
    assert.deepStrictEqual([...tooMany], [0xff])
    assert.deepStrictEqual([...namesOf(`[${"1,".repeat(150_000)}1]`)], [0xff])
  })

  it("are a part of the data format", () => {
    assert.deepStrictEqual(placesOf(UserId("player-17"), TenantId(tenantId)), [3932961588, 1771019905, 3904045518, 1742103835])
    assert.strictEqual(
      Buffer.from(namesOf({ user_id: "player-17", n: [1, 2.5] })).toString("hex"),
      "0020010804825020102088210c12000402840000180004020040080041000010"
    )
  })
})
