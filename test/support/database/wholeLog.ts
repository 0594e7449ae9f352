import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { FastTrackItem } from "../../oracle/FastTrackItem.ts"
import { identityOf, referenceCounters } from "../../oracle/referenceCounters.ts"
import { readCounters, readCountersOf, readEvents } from "../service/reader.ts"
import { countEvents, inEveryDatabase } from "./everyDatabase.ts"

/**
 * In every database of the log: positions of each slice are dense from 1 on, the heads agree with
 * them, and `recorded_at` never decreases along them (docs/architecture.md#invariants).
 */
export const assertLogIsSound = Effect.gen(function*() {
  const wrongHeads = yield* inEveryDatabase((sql) =>
    sql`
    select h.slice, h.position::int as head, s.events, s.first::int, s.last::int
    from slice_heads h full join (
      select slice, count(*)::int as events, min(position) as first, max(position) as last, max(recorded_at) as recorded_at
      from events group by slice
    ) s using (slice)
    where (h.position, h.recorded_at) is distinct from (coalesce(s.last, 0), coalesce(s.recorded_at, 'epoch'))
      or coalesce(s.first, 1) <> 1 or coalesce(s.last, 0) <> coalesce(s.events, 0)`
  )
  assert.deepStrictEqual(wrongHeads, [], "slices with a hole or a wrong head")
  const backward = yield* inEveryDatabase((sql) =>
    sql`
    select slice, position::int from (
      select slice, position, recorded_at, lag(recorded_at) over (partition by slice order by position) as before from events
    ) e where before > recorded_at`
  )
  assert.deepStrictEqual(backward, [], "events recorded before their predecessors")
})

/** There are as many events in the log as different ones among the items: none of anybody else. */
export const assertNothingElse = Effect.fnUntraced(function*(items: ReadonlyArray<FastTrackItem>) {
  assert.strictEqual(yield* countEvents(), new Set(items.map(identityOf)).size)
})

const usersOf = (items: ReadonlyArray<FastTrackItem>) => [...new Set(items.map(({ data }) => data.user_id))]

/**
 * The users' events, page by page, are those of the items, each once and newest first. Those of
 * `perhaps` may be there too: they were sent, but their sender was not told.
 */
export const assertStored = Effect.fnUntraced(function*(
  url: string,
  stored: ReadonlyArray<FastTrackItem>,
  options: { readonly perhaps?: ReadonlyArray<FastTrackItem>; readonly limit?: number } = {}
) {
  const must = new Set(stored.map(identityOf))
  const may = new Set((options.perhaps ?? []).map(identityOf))
  const userIds = usersOf([...stored, ...options.perhaps ?? []])
  const pages = yield* Effect.forEach(userIds, (userId) => readEvents(url, userId, options.limit ?? 500), { concurrency: 4 })
  for (const events of pages) {
    const positions = events.map(({ position }) => position)
    assert.deepStrictEqual(positions, positions.toSorted((a, b) => b - a), "newest first")
  }
  const found = pages.flat().map(identityOf)
  const there = new Set(found)
  assert.strictEqual(there.size, found.length, "stored more than once")
  assert.deepStrictEqual([...must].filter((identity) => !there.has(identity)), [], "answered, but not stored")
  assert.deepStrictEqual(found.filter((identity) => !must.has(identity) && !may.has(identity)), [], "stored, but never sent")
})

/**
 * Every user's counters are what a reading of docs/design.md#counters makes of the items, asked for
 * one by one and all at once.
 */
export const assertCounters = Effect.fnUntraced(function*(url: string, items: ReadonlyArray<FastTrackItem>, timeZone = "UTC") {
  const userIds = usersOf(items)
  const single = yield* Effect.forEach(userIds, (userId) => readCounters(url, userId), { concurrency: 4 })
  const together = yield* readCountersOf(url, userIds)
  const now = new Date()
  for (const documents of [single, together]) {
    assert.strictEqual(documents.length, userIds.length)
    userIds.forEach((userId, index) => {
      const expected = referenceCounters(items, { timeZone, now, userId })
      assert.deepStrictEqual(Object.fromEntries(Object.keys(expected).map((key) => [key, documents[index]?.[key]])), { ...expected })
    })
  }
})
