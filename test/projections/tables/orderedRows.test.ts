import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Counters } from "../../../src/counters/Counters.ts"
import { EventLog } from "../../../src/event-log/EventLog.ts"
import { sliceOf } from "../../../src/event-log/sliceOf.ts"
import { winStreak } from "../../../src/projections/catalog/winStreak.ts"
import { diffVersions, isEmptyDiff } from "../../../src/projections/versions/diffVersions.ts"
import { ProjectionCatalog } from "../../../src/projections/versions/ProjectionCatalog.ts"
import { rebuildUser } from "../../../src/projections/versions/rebuildUser.ts"
import { verifySlice } from "../../../src/projections/versions/verifyProjection.ts"
import { UserId } from "../../../src/values/UserId.ts"
import { cutIntoBatches, seededRandom, shuffle } from "../../oracle/random.ts"
import { TestDatabase } from "../../support/database/TestDatabase.ts"
import { gameRound } from "../../support/events/events.ts"
import { newEvent } from "../../support/events/newEvent.ts"
import { newTenant } from "../../support/service/newTenant.ts"
import { testService } from "../../support/service/TestService.ts"

const again = { ...winStreak, version: 2 }

const database = TestDatabase.layerOfOne("a version's tables are of one database")

layer(testService({ projections: [winStreak, again] }).pipe(Layer.provideMerge(database)), { excludeTestServices: true })(
  "rows of an ordered projection",
  (it) => {
    it.effect("are right at every moment of a hot user's life, whatever comes late, and after the user is rebuilt", () =>
      Effect.gen(function*() {
        const sql = yield* PgClient.PgClient
        const log = yield* EventLog
        const counters = yield* Counters
        const tenant = yield* newTenant("ordered")
        const random = seededRandom(21)
        const rounds = Array.from({ length: 3000 }, (_, at) => {
          const win = random.chance(0.6) ? "2" : "0"
          const round = gameRound({ at: new Date(Date.UTC(2026, 0, 1) + at * 1000).toISOString(), total_win_user: win })
          return { ...round, userId: UserId("hot"), data: { ...round.data, unique_id: `${"x".repeat(at % 200)}${at}` } }
        })
        const streakOf = (sent: ReadonlySet<(typeof rounds)[number]>) => {
          let [current, longest] = [0, 0]
          for (const round of rounds) {
            if (!sent.has(round)) continue
            current = round.data.total_win_user === "0" ? 0 : current + 1
            longest = Math.max(longest, current)
          }
          return { current, longest }
        }
        const read = Effect.map(
          counters.read(tenant, [UserId("hot"), UserId("quiet")], {
            sections: ["win_streak"],
            consistency: { _tag: "Strong", waitSeconds: 10 }
          }),
          ([document]) => document?.["win_streak"]
        )

        const sent = new Set<(typeof rounds)[number]>()
        for (const batch of cutIntoBatches(random, shuffle(random, rounds), 500)) {
          yield* log.append(batch.map((round) => newEvent(tenant, round)))
          for (const round of batch) sent.add(round)
          assert.deepStrictEqual(yield* read, streakOf(sent))
        }
        assert.strictEqual(sent.size, 3000)

        const sizes = yield* sql<{ nodes: number; largest: number }>`
          select count(*)::int as nodes, max(octet_length(items)) as largest from win_streak_v2_nodes`
        assert.isAbove(sizes[0]?.nodes ?? 0, 100)
        assert.isBelow(sizes[0]?.largest ?? Infinity, 2000)
        const { current, longest } = streakOf(sent)
        const [row] = yield* sql`select * from win_streak`
        const { opening: _, ...shown } = row ?? {}
        assert.deepStrictEqual(shown, {
          tenant_id: tenant.tenantId,
          user_id: "hot",
          rounds: 3000n,
          current: BigInt(current),
          longest: BigInt(longest)
        })

        const [other, store] = (yield* ProjectionCatalog).stores
        if (store === undefined || other === undefined) throw new Error("the catalog has both")
        const user = { tenantId: tenant.tenantId, userId: UserId("hot") }
        const slice = sliceOf(user.tenantId, UserId(user.userId))
        const verify = verifySlice({ sql, log }, store, slice)
        assert.deepInclude(yield* verify, { events: 3000, users: 1, differences: [] })
        assert.isTrue(yield* rebuildUser({ sql, log }, store, user))
        assert.deepInclude(yield* verify, { events: 3000, users: 1, differences: [] })
        assert.deepStrictEqual(yield* read, { current, longest })
        // The tree has another shape now, which is nobody's business.
        assert.isTrue(isEmptyDiff(yield* diffVersions({ sql, log }, { before: other, after: store }, { slices: [slice] })))
      }))
  }
)
