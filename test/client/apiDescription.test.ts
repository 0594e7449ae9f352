import { assert, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { describedTypes } from "../../scripts/describedTypes.ts"

it("the client has the types of the service's description (npm run client:types makes them)", async () => {
  const kept = readFileSync(fileURLToPath(new URL("../../client/src/ApiDescription.ts", import.meta.url)), "utf8")
  // Not a comparison of texts: the difference of such long ones says nothing.
  const made = (await describedTypes()).split("\n")
  const place = kept.split("\n").findIndex((line, index) => line !== made[index])
  assert.deepStrictEqual({ line: place, kept: kept.split("\n")[place] }, { line: -1, kept: undefined }, `made: ${made[place]}`)
  assert.strictEqual(kept.split("\n").length, made.length)
})
