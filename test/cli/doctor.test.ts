import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { randomBytes } from "node:crypto"
import { databaseProxy } from "../support/database/DatabaseProxy.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { sqlOf } from "../support/database/TestSql.ts"
import { runCommand } from "./runCommand.ts"

const Findings = Schema.Array(Schema.Struct({
  level: Schema.Literals(["ok", "warning", "wrong"]),
  subject: Schema.String,
  says: Schema.String,
  mend: Schema.optionalKey(Schema.String)
}))

/** What the doctor says of a database: its findings, which decide about the exit code. */
const examine = Effect.fnUntraced(function*(url?: string, settings: Readonly<Record<string, string>> = {}) {
  const { url: usual } = yield* TestDatabase
  const { code, stderr, stdout } = yield* runCommand(["doctor", "--json"], { DATABASE_URL: url ?? Redacted.value(usual), ...settings })
  const findings = Schema.decodeUnknownSync(Findings)(stdout.split("\n").filter(Boolean).map((line) => JSON.parse(line)))
  assert.isNotEmpty(findings, stderr)
  assert.strictEqual(code, findings.some(({ level }) => level === "wrong") ? 1 : 0)
  assert.match(stderr, /\d+ wrong, \d+ to think about, \d+ right\./)
  return (subject: string) => {
    const finding = findings.find((finding) => finding.subject === subject && finding.level !== "ok") ??
      findings.find((finding) => finding.subject === subject)
    return finding ?? assert.fail(`nothing is said about ${subject}`)
  }
})

/** Runs the statements of a finding. */
const mend = Effect.fnUntraced(function*({ mend = "" }: { readonly mend?: string }) {
  const sql = yield* PgClient.PgClient
  for (const statement of mend.replaceAll(/--[^;]*$/g, "").split(";").map((text) => text.trim()).filter(Boolean)) {
    yield* sql.unsafe(statement).unprepared
  }
})

const name = Effect.map(TestDatabase, ({ url }) => new URL(Redacted.value(url)).pathname.slice(1))

/**
 * The test's database with another role, which exists until the scope closes, or another database.
 */
const urlWith = (change: { readonly user?: string; readonly database?: string }) =>
  Effect.map(TestDatabase, (database) => {
    const url = new URL(Redacted.value(database.url))
    if (change.user !== undefined) Object.assign(url, { username: change.user, password: "secret" })
    if (change.database !== undefined) url.pathname = `/${change.database}`
    return url.href
  })

const ofOne = sqlOf(TestDatabase.layerOfOne("test/partitions/otherCommands.test.ts has what doctor says of several"))

layer(ofOne, { excludeTestServices: true })("doctor", (it) => {
  it.effect("tells whether the schema is this version's, behind it or another's, and works on one that was never migrated", () =>
    Effect.gen(function*() {
      const sql = yield* PgClient.PgClient
      const settings = { DATABASE_URL: Redacted.value((yield* TestDatabase).url) }
      const never = (yield* examine())("schema")
      assert.deepStrictEqual([never.level, never.mend], ["warning", "npm run cli -- migrate"])
      assert.strictEqual((yield* runCommand(["migrate"], settings)).code, 0)
      assert.strictEqual((yield* examine())("schema").level, "ok")
      const [last] = yield* sql<{ id: number; name: string }>`
        delete from playtally_migrations where migration_id = (select max(migration_id) from playtally_migrations)
        returning migration_id as id, name`
      const behind = (yield* examine())("schema")
      assert.strictEqual(behind.level, "warning")
      assert.include(behind.says, last?.name ?? "nothing was deleted")
      yield* sql`insert into playtally_migrations (migration_id, name) values (${last?.id ?? 0}, ${
        last?.name ?? ""
      }), (9999, 'from_the_future')`
      assert.strictEqual((yield* examine())("schema").level, "wrong")
      yield* sql`delete from playtally_migrations where migration_id = 9999`
    }))

  it.effect("finds sessions that do not keep what they take, or take nothing, and what it says mends it", () =>
    Effect.gen(function*() {
      const sql = yield* PgClient.PgClient
      const database = yield* name
      for (const setting of ["fsync", "full_page_writes"]) {
        const [row] = yield* sql<{ value: string }>`select current_setting(${setting}) as value`
        assert.strictEqual((yield* examine())(setting).level, row?.value === "off" ? "wrong" : "ok")
      }
      yield* sql.unsafe(`alter database ${database} set synchronous_commit = off`).unprepared
      assert.strictEqual((yield* examine())("synchronous_commit").level, "wrong")
      yield* sql.unsafe(`alter database ${database} set synchronous_commit = on`).unprepared
      assert.strictEqual((yield* examine())("synchronous_commit").level, "ok")

      yield* sql.unsafe(`alter database ${database} set default_transaction_read_only = on`).unprepared
      const readOnly = (yield* examine())("writes")
      assert.strictEqual(readOnly.level, "wrong")
      yield* mend(readOnly)
      assert.strictEqual((yield* examine())("writes").level, "ok")
      yield* sql.unsafe(`alter database ${database} reset default_transaction_read_only`).unprepared
    }))

  it.effect("finds time limits that a pooler drops, and a longer one, and what it says mends it", () =>
    Effect.gen(function*() {
      const sql = yield* PgClient.PgClient
      const proxy = yield* databaseProxy
      yield* proxy.dropParameters
      const examined = yield* examine(proxy.url)
      const lacking = examined("time limits")
      assert.strictEqual(lacking.level, "wrong")
      assert.strictEqual(examined("planner").level, "warning")
      yield* mend(lacking)
      yield* mend(examined("planner"))
      const mended = yield* examine(proxy.url)
      assert.deepStrictEqual([mended("time limits").level, mended("planner").level], ["ok", "ok"])
      yield* sql.unsafe(`alter role current_user in database ${yield* name} set statement_timeout = '10min'`).unprepared
      const longer = (yield* examine(proxy.url))("time limits")
      assert.deepStrictEqual([longer.level, /statement_timeout 10min/.test(longer.says)], ["warning", true])

      yield* proxy.refuseParameters
      const { code, stderr } = yield* runCommand(["doctor"], { DATABASE_URL: proxy.url })
      assert.strictEqual(code, 1)
      assert.match(stderr, /a pooler that refuses the setting/)
    }))

  it.effect("finds rights that a role lacks, and what it says mends it", () =>
    Effect.gen(function*() {
      const sql = yield* PgClient.PgClient
      const role = `role_${randomBytes(6).toString("hex")}`
      yield* sql.unsafe(`create role ${role} login password 'secret'`).unprepared
      yield* Effect.addFinalizer(() =>
        Effect.orDie(
          Effect.andThen(sql.unsafe(`drop owned by ${role}`).unprepared, sql.unsafe(`drop role ${role}`).unprepared)
        )
      )
      yield* sql`revoke create on schema public from public`.unprepared
      yield* sql`create table one_of_another_role (x int)`.unprepared
      const url = yield* urlWith({ user: role })
      const examined = yield* examine(url)
      const rights = examined("rights")
      assert.strictEqual(rights.level, "wrong")
      yield* mend(rights)
      yield* mend(examined("statistics"))
      const tables = (yield* examine(url))("rights")
      assert.match(tables.says, /may not use /)
      assert.include(tables.mend, "one_of_another_role")
      yield* mend(tables)
      yield* sql`drop table one_of_another_role`.unprepared
      const mended = yield* examine(url)
      assert.deepStrictEqual([mended("rights").level, mended("statistics").level, mended("role").says], ["ok", "ok", role])
    }))

  it.effect("finds an encoding that has not every character", () =>
    Effect.gen(function*() {
      const sql = yield* PgClient.PgClient
      const database = `${yield* name}_ascii`
      yield* sql.unsafe(`create database ${database} encoding 'SQL_ASCII' locale 'C' template template0`).unprepared
      yield* Effect.addFinalizer(() => Effect.orDie(sql.unsafe(`drop database ${database} with (force)`).unprepared))
      const encoding = (yield* examine(yield* urlWith({ database })))("encoding")
      assert.deepStrictEqual([encoding.level, /SQL_ASCII/.test(encoding.says)], ["wrong", true])
    }))

  it.effect("says what of the settings lets others in, one line each for who reads it", () =>
    Effect.gen(function*() {
      const examined = yield* examine(undefined, { HOST: "0.0.0.0", MAX_FUTURE_HOURS: "0" })
      assert.deepStrictEqual(
        ["address", "proxies", "future"].map((subject) => examined(subject).level),
        ["warning", "warning", "warning"]
      )
      const { stdout } = yield* runCommand(["doctor"], { DATABASE_URL: Redacted.value((yield* TestDatabase).url) })
      assert.match(stdout, /^ok +version +PostgreSQL 1\d/m)
      const password = new URL(Redacted.value((yield* TestDatabase).url)).password
      if (password.length > 3) assert.notInclude(stdout, password)
    }))
})
