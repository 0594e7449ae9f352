import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { sqlOf } from "../support/database/TestSql.ts"
import { startProgram } from "../support/service/program.ts"
import { apiKey } from "../support/service/ServiceProcess.ts"

const run = Effect.fnUntraced(function*(...args: ReadonlyArray<string>) {
  const { url } = yield* TestDatabase
  const program = yield* startProgram(args, { DATABASE_URL: Redacted.value(url), BOOTSTRAP_API_KEY: apiKey, PORT: "0" })
  const { code } = yield* program.ended
  return { code, stdout: program.stdout(), stderr: program.stderr() }
})

const database = sqlOf(TestDatabase.layerOfOne("every process looks at the schema of home first"))

layer(database, { excludeTestServices: true })("a database of another version", (it) => {
  it.effect("that lacks migrations is left alone by commands, which say how to bring it up to date", () =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* run("tenants", "list")
      assert.match(stderr, /^playtally: The database lacks migration 0001_\w+: run `npm run cli -- migrate`.*\n$/)
      assert.deepStrictEqual({ code, stdout }, { code: 1, stdout: "" })
      const sql = yield* PgClient.PgClient
      assert.deepStrictEqual(yield* sql`select tablename from pg_tables where schemaname = 'public'`, [])
    }), 120_000)

  it.effect("that is newer is served by nobody, and left as it is", () =>
    Effect.gen(function*() {
      const sql = yield* PgClient.PgClient
      assert.deepInclude(yield* run("migrate"), { code: 0, stderr: "" })
      yield* sql`insert into playtally_migrations (migration_id, name) values (9001, 'what_comes_next')`
      const before = yield* sql`select * from playtally_migrations order by migration_id`
      const [served, listed] = yield* Effect.all([run("serve"), run("tenants", "list")], { concurrency: 2 })
      for (const { code, stderr, stdout } of [served, listed]) {
        assert.match(stderr, /^playtally: .*9001_what_comes_next: the database is newer.*\n$/)
        assert.deepStrictEqual({ code, stdout }, { code: 1, stdout: "" })
      }
      assert.deepStrictEqual(yield* sql`select * from playtally_migrations order by migration_id`, before)
    }), 120_000)
})
