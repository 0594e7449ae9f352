import { PgConnection } from "@effect/sql-pg"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { existsSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { EmbeddedPostgres } from "../../src/database/embedded/EmbeddedPostgres.ts"
import { watchedFolder } from "../support/watchedFolder.ts"
import { runCommand } from "./runCommand.ts"

const cleaner = `
read _
pid=$(head -n 1 "$0/data/postgres/data/postmaster.pid" 2>/dev/null) && kill -KILL "$pid"
rm -rf "$0"
`

it.live("database url: the embedded server's, whether it runs or not, with the password only if asked", () =>
  Effect.gen(function*() {
    const dataDir = join(yield* watchedFolder("url", cleaner), "data")
    const url = (...flags: ReadonlyArray<string>) => runCommand(["database", "url", ...flags], { DATA_DIR: dataDir })

    const none = yield* url()
    assert.deepInclude(none, { code: 1, stdout: "", stderr: `playtally: There is no database in ${dataDir} yet: \`npm start\` makes one.` })
    assert.isFalse(existsSync(dataDir))

    yield* Effect.scoped(Effect.gen(function*() {
      yield* EmbeddedPostgres.acquire(dataDir)
      const running = yield* url("--password")
      assert.include(running.stderr, "is running")
      const rows = yield* PgConnection.make({ url: Redacted.make(running.stdout.trim()) }).pipe(
        Effect.flatMap((connection) => connection.queryValues("select 42")),
        Effect.scoped
      )
      assert.deepStrictEqual(rows, [[42]])
    }))

    const stopped = yield* url()
    assert.strictEqual((yield* url("--server", "p2")).stdout, stopped.stdout.replace("/postgres?", "/playtally_p2?"))
    const file = join(dataDir, "postgres/password")
    const password = (yield* Effect.promise(() => readFile(file, "utf8"))).trim()
    assert.strictEqual(stopped.stdout.trim(), (yield* url("--password")).stdout.trim().replace(`:${password}@`, "@"))
    assert.include(stopped.stderr, "is not running")
    assert.include(stopped.stderr, `PGPASSWORD="$(cat '${file}')" psql '${stopped.stdout.trim()}'`)
    assert.notInclude(stopped.stdout + stopped.stderr, password)
    assert.isFalse(existsSync(join(dataDir, "postgres/data/postmaster.pid")))
  }).pipe(Effect.scoped))

it.live("database url: DATABASE_URL without its secrets, unless asked", () =>
  Effect.gen(function*() {
    const given = "postgres://me:se%23cret@db.example:5433/play?sslmode=require&password=secret"
    const shown = yield* runCommand(["database", "url"], { DATABASE_URL: given })
    assert.deepInclude(shown, { code: 0, stdout: "postgres://me@db.example:5433/play?sslmode=require\n" })
    assert.strictEqual((yield* runCommand(["database", "url", "--password"], { DATABASE_URL: given })).stdout.trim(), given)
    const servers = {
      DATABASE_URL: given,
      DATABASE_SERVERS: "b=postgres://me:canary@db1.example/play c=postgres://me:canary@db2.example/play"
    }
    const one = yield* runCommand(["database", "url", "--server", "b"], servers)
    assert.deepInclude(one, { code: 0, stdout: "postgres://me@db1.example/play\n" })
    const home = yield* runCommand(["database", "url"], servers)
    assert.include(home.stderr, "Other partitions may be on --server b, --server c.")
    const unknown = yield* runCommand(["database", "url", "--server", "p1"], servers)
    assert.deepInclude(unknown, { code: 1, stdout: "" })
    assert.include(unknown.stderr, "No setting names a server \"p1\". There are \"home\", \"b\", \"c\".")
    assert.notInclude([one, home, unknown].map(({ stderr, stdout }) => stderr + stdout).join(""), "canary")
    const wrong = yield* runCommand(["database", "url"], { DATABASE_URL: "me:secret@no url" })
    assert.deepInclude(wrong, { code: 1, stdout: "" })
    assert.notInclude(wrong.stderr, "secret")
  }))
