import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { casino } from "../../src/projections/catalog/casino.ts"
import { projectionStore } from "../../src/projections/ProjectionStore.ts"
import { someTenant } from "../support/someTenant.ts"
import { TestDatabase } from "../support/TestDatabase.ts"
import { testService } from "../support/TestService.ts"

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
        const write = (isNew: boolean) => store.write([{ tenantId, userId: "player", entities: [], totals, recount: false }], isNew)
        yield* write(true)
        yield* write(false)
        yield* write(false)
        const [row] = (yield* store.read(tenantId, ["player"])).get("player") ?? []
        assert.deepInclude(row, { currency: "EUR", bet_count: 3 * most, bet_amount: "0.3" })
      }))
  }
)
