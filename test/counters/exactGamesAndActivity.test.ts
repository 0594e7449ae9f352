import { assert, layer } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Activity } from "../../src/counters/Activity.ts"
import { Games } from "../../src/counters/Games.ts"
import { Ingest } from "../../src/ingest/Ingest.ts"
import type { Tenant } from "../../src/tenants/Tenant.ts"
import { parseDay } from "../../src/values/dayRuns.ts"
import { UserId } from "../../src/values/UserId.ts"
import { cutIntoBatches, generateItems, seededRandom, shuffle } from "../oracle/generateItems.ts"
import { referenceActivity } from "../oracle/referenceActivity.ts"
import { idText } from "../oracle/referenceCounters.ts"
import { gameName, referenceGames } from "../oracle/referenceGames.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { bulkItems } from "../support/events/bulkItems.ts"
import { newTenant } from "../support/service/newTenant.ts"
import { strong } from "../support/service/strong.ts"
import { testService } from "../support/service/TestService.ts"

const dayOf = (date: string): number => parseDay(date) ?? Number.NaN

const ranges = [
  { from: "1899-12-31", to: "2201-01-01", granularity: "month" },
  { from: "2026-01-15", to: "2026-04-20", granularity: "day" },
  { from: "2026-02-04", to: "2026-04-02", granularity: "week" },
  { from: "2026-03-30", to: "2026-03-30", granularity: "week" }
] as const

/**
 * Every number is a function of the set of a user's events (docs/design.md#counters), in the
 * documents beside the counters, too: from the tables, by two processes.
 */
layer(TestDatabase.layer, { excludeTestServices: true })("games and activity of any order, batching and repetition", (it) => {
  it.effect.each([
    // Each with a change of clocks in the weeks that are played.
    { seed: 31, timeZone: "America/New_York", now: "2026-03-20T12:00:00Z", weekStart: 7 },
    { seed: 32, timeZone: "Europe/Berlin", now: "2026-04-10T12:00:00Z", weekStart: 1 },
    { seed: 33, timeZone: "Australia/Lord_Howe", now: "2026-04-15T12:00:00Z", weekStart: 3 }
  ])("seed $seed in $timeZone", ({ now, seed, timeZone, weekStart }) =>
    Effect.gen(function*() {
      const processes = yield* Effect.all([0, 1].map(() => Layer.build(Layer.fresh(testService()))))
      const random = seededRandom(seed)
      const { items, userIds } = generateItems({ seed, users: 10, timeZone, now: new Date(now) })
      const tenant = yield* newTenant(`${seed}`, timeZone, weekStart).pipe(
        Effect.provide(processes[0] ?? Context.empty() as never)
      )
      const gameIds = new Set(items.flatMap(({ data }) => "game_id" in data ? [idText(data.game_id)] : []))

      const batches = cutIntoBatches(random, shuffle(random, items), 300)
      const repeated = shuffle(random, [...batches, ...batches.filter(() => random.chance(0.3))])
      yield* Effect.forEach(
        repeated,
        (batch, index) => {
          const service = processes[index % 2]
          if (service === undefined) return Effect.die("there are two")
          return Context.get(service, Ingest).batch(tenant, bulkItems(batch), { strict: false })
        },
        { concurrency: 6 }
      )

      for (const [index, service] of processes.entries()) {
        const games = Context.get(service, Games)
        const activity = Context.get(service, Activity)
        for (const userId of userIds) {
          const options = { sections: games.sections, consistency: strong }
          const perGame = referenceGames(items, { userId })
          const all = yield* games.read(tenant, UserId(userId), { ...options, games: { _tag: "Page", from: "", limit: 1000 } })
          assert.strictEqual(all?.next, null)
          assert.deepInclude(all?.document, perGame)

          const chosen = shuffle(random, [...gameIds]).slice(0, 4)
          const some = yield* games.read(tenant, UserId(userId), {
            ...options,
            games: { _tag: "Some", gameIds: [...chosen, "nobody's game"] }
          })
          const names = new Set(chosen.map(gameName))
          for (const [section, shown] of Object.entries(perGame)) {
            assert.deepStrictEqual(
              some?.document[section],
              Object.fromEntries(Object.entries<object>(shown).filter(([gameId]) => names.has(gameId)))
            )
          }
          if (index === 0) yield* assertPages(games, tenant, userId, 1 + random.below(3), perGame)
          for (const range of ranges.filter((_, at) => at % processes.length === index)) {
            const read = yield* activity.read(tenant, UserId(userId), {
              from: dayOf(range.from),
              to: dayOf(range.to),
              granularity: range.granularity,
              consistency: strong
            })
            assert.strictEqual(read?.time_zone, timeZone)
            assert.deepStrictEqual<ReadonlyArray<object>>(
              read?.periods ?? [],
              referenceActivity(items, { ...range, timeZone, weekStart, userId })
            )
          }
        }
      }
    }), 60_000)
})

/** Page by page it is the same: every game once, and as many a page as were asked for. */
const assertPages = Effect.fnUntraced(function*(
  games: Games["Service"],
  tenant: Tenant,
  userId: string,
  size: number,
  expected: Readonly<Record<string, object>>
) {
  const found = new Map<string, Record<string, unknown>>(games.sections.map((section) => [section, {}]))
  for (let from: string | null = ""; from !== null;) {
    const page: Effect.Success<ReturnType<typeof games.read>> = yield* games.read(tenant, UserId(userId), {
      sections: games.sections,
      games: { _tag: "Page", from, limit: size },
      consistency: strong
    })
    if (page === undefined) return yield* Effect.die("the user has events")
    const onPage = new Set<string>()
    for (const [section, shown] of found) {
      for (const [gameId, currencies] of Object.entries(Object(page.document[section]))) {
        assert.isFalse(Object.hasOwn(shown, gameId), "shown twice")
        Object.defineProperty(shown, gameId, { value: currencies, enumerable: true })
        onPage.add(gameId)
      }
    }
    if (page.next !== null) assert.strictEqual(onPage.size, size)
    from = page.next
  }
  for (const [section, shown] of found) assert.deepStrictEqual(Object.fromEntries(Object.entries(shown)), expected[section])
})
