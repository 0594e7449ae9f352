import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { classifySqlError } from "../../src/database/classifySqlError.ts"
import { unavailable } from "../../src/database/DatabaseUnavailable.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { testClients } from "../support/service/TestService.ts"

layer(testClients.pipe(Layer.provideMerge(TestDatabase.layerOfOne("a transaction has one database"))), { excludeTestServices: true })(
  "a transaction that loses its connection",
  (it) => {
    it.effect("fails as any statement does that loses its own: it may be tried again", () =>
      Effect.gen(function*() {
        const sql = yield* PgClient.PgClient
        const loses = sql`select pg_terminate_backend(pg_backend_pid())`
        const error = yield* Effect.flip(sql.withTransaction(loses))
        assert.strictEqual(classifySqlError(error)._tag, "Transient")
        const nested = yield* Effect.flip(sql.withTransaction(sql.withTransaction(loses)))
        assert.strictEqual(classifySqlError(nested)._tag, "Transient")
        assert.strictEqual((yield* Effect.flip(unavailable("test")(sql.withTransaction(loses))))._tag, "DatabaseUnavailable")
      }))

    it.effect("leaves what else may end it alone", () =>
      Effect.gen(function*() {
        const sql = yield* PgClient.PgClient
        assert.strictEqual(yield* Effect.flip(sql.withTransaction(Effect.fail("refused"))), "refused")
        const exit = yield* Effect.exit(sql.withTransaction(Effect.die("a bug")))
        assert.deepStrictEqual(exit._tag === "Failure" && exit.cause.reasons.map(({ _tag }) => _tag), ["Die"])
      }))
  }
)
