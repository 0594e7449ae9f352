import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { BoardSelection } from "../../src/counters/boardSelection.ts"
import { Leaderboards } from "../../src/counters/Leaderboards.ts"
import { EventLog } from "../../src/event-log/EventLog.ts"
import type { FastTrackEvent } from "../../src/fasttrack/FastTrackEvent.ts"
import { Partitions } from "../../src/partitions/Partitions.ts"
import { leaderboards } from "../../src/projections/catalog/leaderboards.ts"
import { type Board, boardNames, ruleOf } from "../../src/projections/catalog/rules/boards.ts"
import { sportsLeaderboards } from "../../src/projections/catalog/sportsLeaderboards.ts"
import { addGeneration } from "../../src/projections/feed/generations.ts"
import type { AnyProjection } from "../../src/projections/projection/Projection.ts"
import type { Tenant } from "../../src/tenants/Tenant.ts"
import { parseDay } from "../../src/values/dayRuns.ts"
import { UserId } from "../../src/values/UserId.ts"
import { seededRandom } from "../oracle/random.ts"
import { partitionSettings, TestDatabase } from "../support/database/TestDatabase.ts"
import { bet, gameRound, login, sportsBet } from "../support/events/events.ts"
import { newEvent } from "../support/events/newEvent.ts"
import { newTenant } from "../support/service/newTenant.ts"
import { strong } from "../support/service/strong.ts"
import { testService } from "../support/service/TestService.ts"

/** With buckets so small that a handful of users splits and merges them. */
const small = (projection: AnyProjection): AnyProjection =>
  projection.ranking === undefined ? projection : { ...projection, ranking: { ...projection.ranking, bucketSize: 8 } }
const projections = [leaderboards, sportsLeaderboards].map(small)

/** A service on a new log with some partitions. */
const serviceOf = (count: number) =>
  Layer.build(
    Layer.unwrap(
      Effect.map(
        partitionSettings(count),
        (settings) => Layer.fresh(testService({ projections, settings: { PARTITIONS: String(count), ...settings } }))
      )
    ).pipe(Layer.provide(Layer.fresh(TestDatabase.layer)))
  )

const random = seededRandom(17)
/** Ids whose order by UTF-16 is another one. */
const users = ["\u{1F600}", "\uFFFD", "é", "B", "b", ...Array.from({ length: 35 }, (_, nth) => `player-${nth}`)]
/** Few scores, some of more digits than a double holds, and few times: so many users tie. */
const amounts = ["5", "5.0", "0.1", "100000000000000000000.25", "100000000000000000000.26", "0"]
const times = ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.001Z", "2026-01-05T12:00:00Z", "2026-02-01T00:00:00Z"]
const events = users.flatMap((user_id) =>
  Array.from({ length: 1 + random.below(4) }, (): FastTrackEvent => {
    const [at, amount, currency] = [random.pick(times), random.pick(amounts), random.pick(["EUR", "usd"])]
    return random.pick([
      () => bet({ user_id, at, amount, currency }),
      () => gameRound({ user_id, at, total_bet_user: "1", total_win_user: amount, user_currency: currency }),
      () => sportsBet({ user_id, at, amount, currency }),
      () => login({ user_id, at })
    ])()
  })
)

const append = (tenant: Tenant, some: ReadonlyArray<FastTrackEvent>) =>
  Effect.flatMap(EventLog, (log) => log.append(some.map((event) => newEvent(tenant, event))))

const selections = boardNames.flatMap((board: Board): ReadonlyArray<BoardSelection> =>
  ruleOf(board).periods.flatMap((period) =>
    (ruleOf(board).hasCurrency ? ["EUR", "USD", "GBP"] : [null]).map((currency) => ({
      board,
      period,
      currency,
      day: parseDay(random.pick(times).slice(0, 10)) ?? NaN
    }))
  )
)

const all: BoardSelection = { board: "casino_turnover", period: "all", day: undefined, currency: "EUR" }
const weekly: BoardSelection = { ...all, period: "week" }
const eventual = { _tag: "Eventual" } as const
const top = (tenant: Tenant, selection: BoardSelection) =>
  Effect.flatMap(Leaderboards, (boards) => boards.top(tenant, selection, { limit: 10, consistency: eventual }))
/** Does something in the database of one partition. */
const inPartition = <A, E>(nth: number, use: (sql: PgClient.PgClient) => Effect.Effect<A, E>) =>
  Effect.flatMap(
    Partitions,
    (partitions) =>
      partitions.everywhere((services, { partition }) =>
        partition === nth
          ? Effect.asVoid(use((services as Context.Context<never>).pipe(Context.getUnsafe(PgClient.PgClient))))
          : Effect.void
      )
  )

layer(Layer.effectContext(serviceOf(3)), { excludeTestServices: true })("the leaderboards of three partitions", (it) => {
  it.effect("are those of one: order, ranks, neighbours, ties, currencies and periods", () =>
    Effect.gen(function*() {
      const three = yield* Effect.context<Leaderboards | EventLog>()
      const one = yield* serviceOf(1)
      const [tenant, same] = [yield* newTenant("three"), yield* Effect.provide(newTenant("one"), one)]
      yield* append(tenant, events)
      yield* Effect.provide(append(same, events), one)
      type Read<A> = (boards: Leaderboards["Service"], tenant: Tenant) => Effect.Effect<A, unknown>
      const read = Effect.fnUntraced(function*<A>(use: Read<A>) {
        const found = yield* use(Context.get(three, Leaderboards), tenant)
        assert.deepStrictEqual(found, yield* use(Context.get(one, Leaderboards), same))
        return found
      })
      for (const board of ["casino_turnover", "sports_turnover"] as const) {
        yield* read((boards, of) => boards.top(of, { ...all, board }, { limit: 1, consistency: strong }))
      }
      let [ranked, neighbours] = [0, 0]
      for (const selection of selections.filter(({ period }) => period === "all" || random.chance(0.2))) {
        const limit = random.pick([1, 5, 100])
        const { entries, user_count } = yield* read((boards, of) => boards.top(of, selection, { limit, consistency: eventual }))
        ranked += user_count
        for (const userId of [entries.at(-1)?.user_id, random.pick(users), random.pick(users)]) {
          const options = { userId: UserId(userId ?? "nobody"), neighbours: random.pick([0, 1, 3, 50]), consistency: eventual }
          const place = yield* read((boards, of) => boards.place(of, selection, options))
          neighbours += (place?.above.length ?? 0) + (place?.below.length ?? 0)
        }
      }
      assert.isAbove(ranked, 100)
      assert.isAbove(neighbours, 50)
    }), 30_000)

  it.effect("are empty for a tenant whom the partitions do not know yet", () =>
    Effect.gen(function*() {
      const tenant = yield* newTenant("without events")
      assert.deepInclude(yield* top(tenant, weekly), { user_count: 0, entries: [], time_zone: "UTC" })
    }))

  it.effect("have another generation once any partition has one", () =>
    Effect.gen(function*() {
      const tenant = yield* newTenant("generations")
      const seen: Array<number> = []
      for (const partition of [0, 1, 2, 1]) {
        yield* inPartition(partition, (sql) => sql.withTransaction(addGeneration(sql, { projection: leaderboards.name })))
        seen.push((yield* top(tenant, all)).generations[leaderboards.name] ?? 0)
      }
      assert.deepStrictEqual(seen.toSorted((a, b) => a - b), seen)
      assert.strictEqual(new Set(seen).size, 4)
    }))

  it.effect("are stale in what is stale in any partition, and not comparable while any has another zone or is moving", () =>
    Effect.gen(function*() {
      const tenant = yield* newTenant("stale")
      const id = tenant.tenantId
      yield* inPartition(2, (sql) =>
        sql`
        insert into parked_users (projection, version, tenant_id, user_id, slice, position, error)
        values ('leaderboards', 2, ${id}::uuid, 'poisoned', 200, 1, 'test')`)
      assert.deepStrictEqual((yield* top(tenant, weekly)).stale, ["leaderboards"])
      yield* inPartition(1, (sql) => sql`update tenants set time_zone = 'Asia/Kathmandu' where tenant_id = ${id}::uuid`)
      assert.strictEqual((yield* Effect.flip(top(tenant, weekly)))._tag, "ProjectionBehind")
      assert.deepInclude(yield* top(tenant, all), { time_zone: "UTC" })
    }))
})
