import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { casino } from "../../../src/projections/catalog/casino.ts"
import { projectionStore } from "../../../src/projections/tables/ProjectionStore.ts"
import { UserId } from "../../../src/values/UserId.ts"
import { TestDatabase } from "../../support/database/TestDatabase.ts"
import { someTenant } from "../../support/events/someTenant.ts"
import { testService } from "../../support/service/TestService.ts"

layer(testService({ projections: [] }).pipe(Layer.provideMerge(TestDatabase.layer)), { excludeTestServices: true })(
  "projectionStore",
  (it) => {
    it.effect("adds counts as large as a chunk's may be to ones that are larger than any chunk's", () =>
      Effect.gen(function*() {
        const store = projectionStore(yield* PgClient.PgClient, casino)
        yield* store.create
        const { tenantId } = someTenant
        const most = 2 ** 31 - 1
        const totals = [{ key: ["EUR"], contributions: most, values: [most, "0.1"] }]
        const write = (isNew: boolean) =>
          store.write([{ tenantId, userId: UserId("player"), entities: [], totals, recount: false }], { isNew })
        yield* write(true)
        yield* write(false)
        yield* write(false)
        const [row] = (yield* store.read(tenantId, [UserId("player")])).get("player") ?? []
        assert.deepInclude(row, { currency: "EUR", bet_count: 3 * most, bet_amount: "0.3" })
      }))

    it.effect("keep zeros where nothing is added, in columns of nothing too, and an instant of 0 is something", () =>
      Effect.gen(function*() {
        const store = projectionStore(yield* PgClient.PgClient, { ...casino, version: 2 })
        yield* store.create
        const { tenantId } = someTenant
        const names = Object.keys(casino.totals?.columns ?? {})
        const write = (userId: string, added: Record<string, string | number>, isNew: boolean) =>
          store.write(
            [{
              tenantId,
              userId: UserId(userId),
              entities: [],
              totals: [{ key: ["EUR"], contributions: 1, values: names.map((name) => added[name]) }],
              recount: false
            }],
            { isNew }
          )
        const read = (userId: string) => Effect.map(store.read(tenantId, [UserId(userId)]), (rows) => rows.get(userId)?.[0])
        for (const isNew of [true, false]) {
          const player = `player ${isNew}`
          yield* write(player, {}, isNew)
          assert.deepInclude(yield* read(player), {
            bet_count: 0,
            bet_amount: "0",
            biggest_win: "0",
            ggr: "0",
            first_at: null,
            last_at: null
          })
          yield* write(player, { bet_count: 0, bet_amount: "0", biggest_win: "0", first_at: 0, last_at: 0 }, false)
          assert.deepInclude(yield* read(player), { bet_count: 0, bet_amount: "0", biggest_win: "0", first_at: 0, last_at: 0 })
          yield* write(player, { bet_count: -1, bet_amount: "-0.5", first_at: 5, last_at: 5 }, false)
          assert.deepInclude(yield* read(player), { bet_count: -1, bet_amount: "-0.5", ggr: "-0.5", first_at: 0, last_at: 5 })
        }
      }))
  }
)
