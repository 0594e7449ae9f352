import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { EventLog } from "../../../src/event-log/EventLog.ts"
import { sliceOf } from "../../../src/event-log/sliceOf.ts"
import { amount, latest } from "../../../src/projections/projection/Column.ts"
import * as Projection from "../../../src/projections/projection/Projection.ts"
import type { ProjectionStore } from "../../../src/projections/tables/ProjectionStore.ts"
import { readRanking, wrongBuckets } from "../../../src/projections/tables/readRanking.ts"
import { diffVersions } from "../../../src/projections/versions/diffVersions.ts"
import { ProjectionCatalog } from "../../../src/projections/versions/ProjectionCatalog.ts"
import { TenantId } from "../../../src/values/TenantId.ts"
import { UserId } from "../../../src/values/UserId.ts"
import { seededRandom } from "../../oracle/random.ts"
import { TestDatabase } from "../../support/database/TestDatabase.ts"
import { bet } from "../../support/events/events.ts"
import { newEvent } from "../../support/events/newEvent.ts"
import { newTenant } from "../../support/service/newTenant.ts"
import { testService } from "../../support/service/TestService.ts"

const bucketSize = 6
const ranked = Projection.make({
  name: "ranked",
  version: 1,
  events: [],
  totals: { key: ["board"], columns: { total: amount, last_at: latest } },
  ranking: { score: "total", reachedAt: "last_at", bucketSize },
  section: { schema: Schema.Unknown, present: () => null },
  separateDocument: true
})

/** Ranks by what was bet, and in its second version by what was lost. */
const counted = Projection.make({
  name: "counted",
  version: 1,
  events: ["realtime-casino"],
  totals: { key: ["board"], columns: { total: amount, last_at: latest } },
  ranking: { score: "total", reachedAt: "last_at", bucketSize },
  contribute: ({ data, occurredAt }) => [{ board: "bets", total: data.amount, last_at: occurredAt }],
  section: { schema: Schema.Unknown, present: () => null },
  separateDocument: true
})
const byLoss = { ...counted, version: 2, ranking: { ...counted.ranking, score: "-total", reachedAt: "last_at" } }

const tenantId = "00000000-0000-0000-0000-000000000001"
const boards = ["one", "other"]
const bytes = (text: string) => Buffer.from(text, "utf8")

const add = (
  store: ProjectionStore,
  rows: ReadonlyArray<{ board: string; userId: string; total: string; at: number; contributions: number }>
) =>
  store.write(rows.map(({ at, board, contributions, total, userId }) => ({
    tenantId: TenantId(tenantId),
    userId: UserId(userId),
    entities: [],
    totals: [{ key: [board], contributions, values: [total, at] }],
    recount: false
  })))

/** What the rows say without any ranking. */
const readPlainly = Effect.fnUntraced(function*(board: string) {
  const sql = yield* PgClient.PgClient
  const rows = yield* sql<{ user_id: string; total: number; last_at: Date }>`
    select user_id, total::float8 as total, last_at from ranked_v1_totals where contributions > 0 and board = ${board}`
  return rows.toSorted((a, b) =>
    b.total - a.total || a.last_at.getTime() - b.last_at.getTime() || Buffer.compare(bytes(a.user_id), bytes(b.user_id))
  ).map(({ user_id }) => user_id)
})

const database = TestDatabase.layerOfOne("a version's tables are of one database")

layer(testService({ projections: [ranked] }).pipe(Layer.provideMerge(database)), { excludeTestServices: true })(
  "a ranking",
  (it) => {
    it.effect("stays exact, and in buckets of about the same size, while users come, climb, fall, leave and are removed", () =>
      Effect.gen(function*() {
        const sql = yield* PgClient.PgClient
        const [store] = (yield* ProjectionCatalog).stores
        if (store === undefined) return yield* Effect.die("it is registered")
        const random = seededRandom(17)
        const users = Array.from({ length: 150 }, (_, index) => `user ${index % 3 === 0 ? "ü" : ""}${index}`)
        for (let round = 0; round < 60; round++) {
          // A crowd at the beginning, then some at a time; few different scores and times, so that
          // ties are everywhere.
          const changes = (round < 3 ? users : users.filter(() => random.chance(0.2))).map((userId) => ({
            board: random.pick(boards),
            userId: UserId(userId),
            total: String(random.below(9) - 3),
            at: Date.UTC(2026, 0, 1 + random.below(3)),
            contributions: random.chance(0.8) ? 1 : 0
          }))
          yield* add(store, changes)
          // Those who go: all at once now and then, so that buckets empty and merge.
          const gone = users.filter(() => random.chance(round % 10 === 9 ? 0.9 : 0.02))
          yield* store.remove(gone.map((userId) => ({ tenantId: TenantId(tenantId), userId: UserId(userId) })))
          assert.strictEqual(yield* wrongBuckets(sql, store), 0, `round ${round}`)
          const named = yield* sql<{ from_user: string }>`select from_user from ranked_v1_buckets where from_user <> ''`
          assert.deepStrictEqual(
            named.filter((bucket) => gone.includes(bucket.from_user)),
            [],
            "a bucket begins with nobody who was removed"
          )
          for (const board of boards) {
            const expected = yield* readPlainly(board)
            const ranking = readRanking(sql, store, TenantId(tenantId), [board])
            assert.strictEqual(yield* ranking.count, expected.length)
            assert.deepStrictEqual((yield* ranking.first(1000)).map(({ userId }) => userId), expected)
            for (const userId of expected.filter(() => random.chance(0.1))) {
              const rank = expected.indexOf(userId) + 1
              const own = yield* ranking.ofUser(UserId(userId)).standing
              if (own === undefined) return yield* Effect.die("the user is on the board")
              assert.strictEqual(own.ahead, rank - 1)
              // As a user of this place would have it who is in another database.
              const stranger = { ...own, userId: UserId(`${userId}\u0001`) }
              assert.strictEqual((yield* ranking.ofPlace(stranger).standing)?.ahead, rank)
              assert.deepStrictEqual((yield* ranking.ofPlace(stranger).before(1)).map((user) => user.userId), [userId])
              for (const around of [ranking.ofUser(UserId(userId)), ranking.ofPlace(own)]) {
                assert.deepStrictEqual(yield* around.standing, own)
                assert.deepStrictEqual(
                  (yield* around.before(2)).map((user) => user.userId),
                  expected.slice(Math.max(0, rank - 3), rank - 1).toReversed()
                )
                assert.deepStrictEqual((yield* around.after(2)).map((user) => user.userId), expected.slice(rank, rank + 2))
              }
            }
          }
          const [most] = yield* sql<{ users: bigint }>`select max(users) as users from ranked_v1_buckets`
          assert.isAtMost(Number(most?.users), bucketSize, "an upsert leaves no bucket too large")
        }
        yield* store.remove(users.map((userId) => ({ tenantId: TenantId(tenantId), userId: UserId(userId) })))
        assert.deepStrictEqual(yield* sql`select board from ranked_v1_buckets`, [])
      }))

    it.effect("has those again who come back to a board that everybody had left", () =>
      Effect.gen(function*() {
        const sql = yield* PgClient.PgClient
        const [store] = (yield* ProjectionCatalog).stores
        if (store === undefined) return yield* Effect.die("it is registered")
        const board = "left"
        yield* add(store, [
          { board, userId: UserId("stays away"), total: "1", at: 0, contributions: 0 },
          { board, userId: UserId("goes"), total: "2", at: 0, contributions: 1 }
        ])
        yield* store.remove([{ tenantId: TenantId(tenantId), userId: UserId("goes") }])
        yield* add(store, [{ board, userId: UserId("stays away"), total: "1", at: 0, contributions: 1 }])
        assert.strictEqual(yield* wrongBuckets(sql, store), 0)
        assert.strictEqual((yield* readRanking(sql, store, TenantId(tenantId), [board]).ofUser(UserId("stays away")).standing)?.ahead, 0)
      }))

    it.effect("is compared with another version by its scores too", () =>
      Effect.gen(function*() {
        const service = yield* Layer.build(Layer.fresh(testService({ projections: [counted, byLoss] })))
        yield* Effect.gen(function*() {
          const sql = yield* PgClient.PgClient
          const { stores: [before, after] } = yield* ProjectionCatalog
          if (before === undefined || after === undefined) return yield* Effect.die("they are registered")
          const tenant = yield* newTenant("ranked")
          const log = yield* EventLog
          yield* log.append([newEvent(tenant, bet({ user_id: UserId("loser"), unique_id: "5", amount: "10" }))])
          const diff = yield* diffVersions({ sql, log }, { before, after }, { slices: [sliceOf(tenant.tenantId, UserId("loser"))] })
          assert.strictEqual(diff.changedUsers, 1)
          assert.deepStrictEqual(diff.columns.filter(({ rows }) => rows > 0), [
            { column: "score", rows: 1, least: "-20", greatest: "-20", total: "-20" }
          ])
        }).pipe(Effect.provide(service))
      }).pipe(Effect.provide(database)))

    it.effect("counts what changed while somebody else was counting", () =>
      Effect.gen(function*() {
        const sql = yield* PgClient.PgClient
        const [store] = (yield* ProjectionCatalog).stores
        if (store === undefined) return yield* Effect.die("it is registered")
        yield* Effect.forEach(Array.from({ length: 40 }, (_, index) => index), (batch) =>
          sql.withTransaction(Effect.andThen(
            add(
              store,
              Array.from({ length: 10 }, (_, index) => ({
                board: "crowded",
                userId: UserId(`user ${batch}-${index}`),
                total: String((batch * 7 + index) % 50),
                at: 0,
                contributions: 1
              }))
            ),
            // The lock is held for a while after the statement, as in a chunk.
            sql`select pg_sleep(0.002)`
          )), { concurrency: 6, discard: true })
        assert.strictEqual(yield* wrongBuckets(sql, store), 0)
        const ranking = readRanking(sql, store, TenantId(tenantId), ["crowded"])
        assert.strictEqual(yield* ranking.count, 400)
        const expected = yield* readPlainly("crowded")
        assert.strictEqual((yield* ranking.ofUser(UserId(expected[217] ?? "")).standing)?.ahead, 217)
      }))
  }
)
