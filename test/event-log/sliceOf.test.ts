import { assert, describe, it } from "@effect/vitest"
import { sliceOf } from "../../src/event-log/sliceOf.ts"
import { TenantId } from "../../src/values/TenantId.ts"
import { UserId } from "../../src/values/UserId.ts"

// Computed apart from the code, with Python: fnv1a32(uuid.encode() + b"\0" + user.encode()) % 256.
// Part of the data format: they never change.
const vectors: ReadonlyArray<readonly [tenantId: string, userId: string, slice: number]> = [
  ["00000000-0000-0000-0000-000000000000", "1", 182],
  ["00000000-0000-0000-0000-000000000000", "player-42", 75],
  ["00000000-0000-0000-0000-000000000000", "ÅSA-ß", 112],
  ["00000000-0000-0000-0000-000000000000", "玩家", 236],
  ["00000000-0000-0000-0000-000000000000", "🎰 winner 🎰", 170],
  ["00000000-0000-0000-0000-000000000000", "á", 173],
  ["7c9e6679-7425-40de-944b-e07fc1f90ae7", "1", 136],
  ["7c9e6679-7425-40de-944b-e07fc1f90ae7", "player-42", 253],
  ["7c9e6679-7425-40de-944b-e07fc1f90ae7", "ÅSA-ß", 138],
  ["7c9e6679-7425-40de-944b-e07fc1f90ae7", "玩家", 66],
  ["7c9e6679-7425-40de-944b-e07fc1f90ae7", "🎰 winner 🎰", 144],
  ["7c9e6679-7425-40de-944b-e07fc1f90ae7", "á", 135],
  ["f47ac10b-58cc-4372-a567-0e02b2c3d479", "1", 99],
  ["f47ac10b-58cc-4372-a567-0e02b2c3d479", "player-42", 178],
  ["f47ac10b-58cc-4372-a567-0e02b2c3d479", "ÅSA-ß", 61],
  ["f47ac10b-58cc-4372-a567-0e02b2c3d479", "玩家", 119],
  ["f47ac10b-58cc-4372-a567-0e02b2c3d479", "🎰 winner 🎰", 241],
  ["f47ac10b-58cc-4372-a567-0e02b2c3d479", "á", 68]
]

describe("sliceOf", () => {
  it.each(vectors)("%s %s is in slice %i", (tenantId, userId, slice) => {
    assert.strictEqual(sliceOf(TenantId(tenantId), UserId(userId)), slice)
  })

  it("spreads users over all slices", () => {
    const counts = new Map<number, number>()
    for (let user = 0; user < 25_600; user++) {
      const slice = sliceOf(TenantId("7c9e6679-7425-40de-944b-e07fc1f90ae7"), UserId(`player-${user}`))
      counts.set(slice, (counts.get(slice) ?? 0) + 1)
    }
    assert.strictEqual(counts.size, 256)
    assert.isBelow(Math.max(...counts.values()), 200)
  })
})
