import { TenantId } from "../src/values/TenantId.ts"
import { UserId } from "../src/values/UserId.ts"
/*
 * Measures leaderboards with as many users on one board as are asked for, a million unless told
 * otherwise: `npm run bench -- leaderboards [USERS]`. The rows are written by the statements of the
 * projection, so that the buckets come about as they do in the service; then the board is read as
 * over HTTP.
 */
import { PgClient } from "@effect/sql-pg"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { chmod, mkdtemp } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { serviceLayer } from "../src/App.ts"
import { Leaderboards } from "../src/counters/Leaderboards.ts"
import { leaderboards } from "../src/projections/catalog/leaderboards.ts"
import type { ProjectionStore } from "../src/projections/tables/ProjectionStore.ts"
import { wrongBuckets } from "../src/projections/tables/readRanking.ts"
import { ProjectionCatalog } from "../src/projections/versions/ProjectionCatalog.ts"
import { seededRandom } from "../test/oracle/random.ts"
import { removeFolder } from "../test/support/removeFolder.ts"
import { newTenant } from "../test/support/service/newTenant.ts"

const users = Number(process.argv[2] ?? 1_000_000)
const random = seededRandom(1)
const chunk = 20_000
const key = ["casino_turnover", "all", "", "EUR"]

const say = (line: string) => Effect.sync(() => process.stdout.write(`${line}\n`))

const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const started = performance.now()
    const value = yield* effect
    return { value, milliseconds: performance.now() - started }
  })

const tell = (name: string, times: ReadonlyArray<number>) => {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (part: number) => (sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? NaN).toFixed(2)
  return say(`${name.padEnd(48)} p50 ${at(0.5)} ms  p99 ${at(0.99)} ms  greatest ${at(1)} ms  of ${times.length}`)
}

/** What a chunk of bets of these users adds to the board. */
const move = (store: ProjectionStore, tenantId: string, some: ReadonlyArray<number>) =>
  Effect.flatMap(PgClient.PgClient, (sql) =>
    sql.withTransaction(store.write(some.map((user) => ({
      tenantId: TenantId(tenantId),
      userId: UserId(`player-${user}`),
      entities: [],
      // As turnover is: most have little, some a hundred times as much.
      totals: [{
        key,
        contributions: 1,
        values: [(10 ** (1 + 3 * random.next())).toFixed(2), Date.UTC(2026, 0, 1) + random.below(86_400_000)]
      }],
      recount: false
    })))))

const measure = Effect.gen(function*() {
  const sql = yield* PgClient.PgClient
  const boards = yield* Leaderboards
  const [store] = (yield* ProjectionCatalog).stores
  const ranking = store?.tables.ranking
  if (store === undefined || ranking === undefined) return yield* Effect.die("the leaderboards are registered")
  const tenant = yield* newTenant("bench")

  const load = yield* timed(Effect.forEach(
    Array.from({ length: Math.ceil(users / chunk) }, (_, at) => at * chunk),
    (from) => move(store, tenant.tenantId, Array.from({ length: Math.min(chunk, users - from) }, (_, at) => from + at)),
    { discard: true }
  ))
  yield* say(`${users} users come: ${Math.round(users / load.milliseconds * 1000)} rows/s`)

  const selection = { board: "casino_turnover", period: "all", day: undefined, currency: "EUR" } as const
  const consistency = { _tag: "Eventual" } as const
  const times = <A, E, R>(count: number, effect: () => Effect.Effect<A, E, R>) =>
    Effect.forEach(Array.from({ length: count }), () => Effect.map(timed(effect()), ({ milliseconds }) => milliseconds))
  const anybody = () => `player-${random.below(users)}`
  const read = Effect.fnUntraced(function*(when: string) {
    const [buckets] = yield* sql<{ count: bigint; most: bigint }>`select count(*), max(users) as most from leaderboards_v2_buckets`
    yield* say(`${when}: ${buckets?.count} buckets of up to ${buckets?.most} users`)
    yield* tell("  the first 100, whole reading", yield* times(200, () => boards.top(tenant, selection, { limit: 100, consistency })))
    yield* tell("  the first 100, the statement", yield* times(200, () => sql.unsafe(ranking.first, [tenant.tenantId, ...key, 100])))
    yield* tell(
      "  a place and 3 neighbours each, whole reading",
      yield* times(500, () => boards.place(tenant, selection, { userId: UserId(anybody()), neighbours: 3, consistency }))
    )
    yield* tell(
      "  the rank, the statement",
      yield* times(500, () => sql.unsafe(ranking.ofUser.standing, [tenant.tenantId, ...key, anybody()]))
    )
  })
  yield* read("after loading")

  const moves = yield* times(20, () => move(store, tenant.tenantId, [...new Set(Array.from({ length: chunk }, () => random.below(users)))]))
  yield* tell(`a chunk of some ${chunk} users who move`, moves)
  yield* read("after moving")

  for (const [name, text, parameter] of [["first 100", ranking.first, 100], ["rank", ranking.ofUser.standing, anybody()]] as const) {
    const plan = yield* sql.unsafe<Record<string, string>>(`explain (analyze, buffers, costs off) ${text}`, [
      tenant.tenantId,
      ...key,
      parameter
    ])
    yield* say(`\n${name}:\n${plan.map((line) => Object.values(line)[0]).join("\n")}`)
  }
  const proof = yield* timed(wrongBuckets(sql, store))
  yield* say(`\n${proof.value} wrong buckets, proved in ${(proof.milliseconds / 1000).toFixed(1)} s`)
})

const folder = await mkdtemp(join(tmpdir(), "playtally-bench-"))
// For the account that runs the server if we are root.
await chmod(folder, 0o711)
try {
  const configuration = ConfigProvider.layer(ConfigProvider.fromUnknown({ DATA_DIR: join(folder, "data") }))
  await Effect.runPromise(
    Effect.provide(measure, serviceLayer([leaderboards]).pipe(Layer.provide(configuration))) as Effect.Effect<void>
  )
} finally {
  await removeFolder(folder)
}
