import { PgClient, PgConnection } from "@effect/sql-pg"
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { spawnSync } from "node:child_process"
import { appendFile, chown, mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { findEmbedded } from "../../../src/database/embedded/findEmbedded.ts"
import { urlOf } from "../../../src/database/embedded/Place.ts"
import type { FastTrackItem } from "../../oracle/FastTrackItem.ts"
import { cutIntoBatches, generateItems, seededRandom, shuffle } from "../../oracle/generateItems.ts"
import { TestDatabase } from "../../support/database/TestDatabase.ts"
import { testApplication } from "../../support/database/TestSql.ts"
import { deliver, request } from "../../support/service/sender.ts"
import { startService } from "../../support/service/ServiceProcess.ts"
import { counterProblems, logProblems, verifyProblems } from "./checkExactness.ts"
import { asTestDatabase, ownPostgres, serverFolder } from "./OwnPostgres.ts"
import { notPossibleHere, scenario, type Told } from "./scenario.ts"

/**
 * Three parts of what a sender sends: their users are partly the same, so that later parts change
 * the counters of earlier ones.
 */
const threeParts = ({ seed }: Told) => {
  const random = seededRandom(seed)
  const { items } = generateItems({ seed, users: 30, itemsPerUser: 30, now: new Date() })
  const mixed = shuffle(random, items)
  const third = Math.ceil(mixed.length / 3)
  return [mixed.slice(0, third), mixed.slice(third, 2 * third), mixed.slice(2 * third)] as const
}

const send = (url: string, items: ReadonlyArray<FastTrackItem>) =>
  Effect.forEach(cutIntoBatches(seededRandom(1), items, 100), (batch) => deliver(() => url, batch), { concurrency: 4 }).pipe(
    Effect.tap((answers) => Effect.sync(() => assert.deepStrictEqual([...new Set(answers.map(({ status }) => status))], [204])))
  )

/** The service on a database, until the scope closes; `settings` if it is the embedded one. */
const serve = (url: string, settings: Readonly<Record<string, string>> = {}) =>
  Effect.provideService(startService(settings), TestDatabase, asTestDatabase({ url }))

/** States that log and counters are of these items and of no others. */
const assertHolds = Effect.fnUntraced(
  function*(serviceUrl: string, url: string, acknowledged: ReadonlyArray<FastTrackItem>) {
    const problems = [
      ...yield* logProblems({ acknowledged }),
      ...yield* counterProblems(serviceUrl, acknowledged),
      ...yield* verifyProblems(url)
    ]
    assert.strictEqual(problems.join("\n"), "")
  },
  (effect, _, url) => Effect.provide(effect, PgClient.layer({ url: Redacted.make(url), applicationName: testApplication }))
)

/**
 * What a restored database holds, and what it holds once the sender has sent everything again, as
 * it does with what it was not told of.
 */
const assertRestored = Effect.fnUntraced(
  function*(service: { readonly url: string }, url: string, held: ReadonlyArray<FastTrackItem>, all: ReadonlyArray<FastTrackItem>) {
    yield* assertHolds(service.url, url, held)
    yield* send(service.url, all)
    yield* assertHolds(service.url, url, all)
    yield* Effect.repeat(request(`${service.url}/readyz`), { while: ({ status }) => status !== 200 })
  }
)

scenario(
  "an embedded server's folder, copied while it is stopped and put back later",
  120,
  (told): Effect.Effect<void, unknown, Scope.Scope> =>
    Effect.gen(function*() {
      const folder = yield* serverFolder
      const [dataDir, backup] = [join(folder, "data"), join(folder, "backup")]
      const [first, second, third] = threeParts(told)
      const embedded = serve("postgres://none", { DATABASE_URL: "", DATA_DIR: dataDir })
      const run = (items: ReadonlyArray<FastTrackItem>) =>
        Effect.scoped(Effect.gen(function*() {
          const service = yield* embedded
          yield* send(service.url, items)
          yield* service.signal("SIGTERM")
          yield* service.ended
        }))
      yield* run([...first, ...second])
      assert.strictEqual(spawnSync("cp", ["-a", dataDir, backup]).status, 0)
      yield* run(third)
      yield* Effect.promise(() => rm(dataDir, { recursive: true }))
      assert.strictEqual(spawnSync("cp", ["-a", backup, dataDir]).status, 0)

      const service = yield* embedded
      const found = (yield* findEmbedded(dataDir)) ?? assert.fail("no database")
      assert.isTrue(found.isRunning)
      yield* assertRestored(service, urlOf(found.place, Redacted.value(found.password)), [...first, ...second], [
        ...first,
        ...second,
        ...third
      ])
      yield* service.signal("SIGTERM")
      yield* service.ended
    })
)

scenario(
  "a base backup, recovered to a point in time from archived log",
  180,
  (told): Effect.Effect<void, unknown, Scope.Scope> =>
    Effect.gen(function*() {
      const folder = yield* serverFolder
      const [archive, base] = [join(folder, "archive"), join(folder, "base")]
      const [first, second, third] = threeParts(told)
      let owner = { gid: 0, uid: 0 }
      const postgres = yield* ownPostgres(join(folder, "data"), async ({ data }) => {
        owner = await stat(data)
        await mkdir(archive)
        await chown(archive, owner.uid, owner.gid)
        await appendFile(join(data, "postgresql.auto.conf"), `archive_mode = on\narchive_command = 'cp "%p" "${archive}/%f"'\n`)
      })
      const { data } = postgres.cluster
      yield* Effect.scoped(Effect.gen(function*() {
        const service = yield* serve(postgres.url)
        const connection = yield* Effect.flatMap(PgConnection.make({ url: Redacted.make(postgres.url) }), ({ pin }) => pin)
        yield* send(service.url, first)
        yield* connection.queryValues("select pg_backup_start('base', true)::text")
        const during = yield* Effect.forkScoped(send(service.url, second))
        // Files that go while they are copied are no error: the log has them.
        spawnSync("cp", ["-a", data, base])
        yield* Fiber.join(during)
        const [[label] = []] = yield* connection.queryValues("select labelfile from pg_backup_stop(true)")
        yield* Effect.promise(async () => {
          await writeFile(join(base, "backup_label"), String(label))
          await rm(join(base, "postmaster.pid"), { force: true })
          await rm(join(base, "pg_wal"), { recursive: true })
          await mkdir(join(base, "pg_wal"), { mode: 0o700 })
          for (const name of ["backup_label", "pg_wal"]) await chown(join(base, name), owner.uid, owner.gid)
        })
        yield* connection.queryValues("select pg_create_restore_point('wanted')::text")
        yield* send(service.url, third)
        const [[last] = []] = yield* connection.queryValues("select pg_walfile_name(pg_switch_wal())")
        yield* Effect.repeat(Effect.promise(() => readdir(archive)), {
          until: (names) => names.includes(String(last)),
          schedule: Schedule.spaced("20 millis")
        })
      }))
      yield* postgres.kill
      yield* Effect.promise(async () => {
        await rm(data, { recursive: true })
        await rename(base, data)
        await writeFile(join(data, "recovery.signal"), "")
        await appendFile(
          join(data, "postgresql.auto.conf"),
          `restore_command = 'cp "${archive}/%f" "%p"'\nrecovery_target_name = 'wanted'\nrecovery_target_action = 'promote'\n`
        )
        await chown(join(data, "recovery.signal"), owner.uid, owner.gid)
      })
      yield* postgres.start
      const service = yield* serve(postgres.url)
      yield* assertRestored(service, postgres.url, [...first, ...second], [...first, ...second, ...third])
    })
)

/**
 * Where a server of PostgreSQL and its own pg_dump are installed: the embedded programs have none.
 */
const installed = ["/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt", "/usr/local/opt"].flatMap((folder) => {
  const found = spawnSync("sh", ["-c", `ls -d ${folder}*/bin ${folder}/*/bin 2>/dev/null`]).stdout
  return String(found ?? "").split("\n").filter((bin) =>
    bin !== "" && ["initdb", "pg_ctl", "pg_dump", "pg_restore"].every((name) => spawnSync(join(bin, name), ["--version"]).status === 0)
  )
}).at(-1)

const dumped = "a dump of pg_dump, restored into another database"
if (installed === undefined) {
  notPossibleHere(dumped, "there is no PostgreSQL with pg_dump")
} else {
  scenario(dumped, 300, (told): Effect.Effect<void, unknown, Scope.Scope> =>
    Effect.gen(function*() {
      const folder = yield* serverFolder
      const [first, second, third] = threeParts(told)
      const isRoot = process.getuid?.() === 0
      const data = join(folder, "cluster")
      yield* Effect.promise(() => mkdir(data, { mode: 0o700 }))
      const user = isRoot ? { uid: 65_534, gid: 65_534 } : {}
      if (isRoot) yield* Effect.promise(() => chown(data, 65_534, 65_534))
      const tool = (name: string, ...args: ReadonlyArray<string>) => {
        const { status, stderr, stdout } = spawnSync(join(installed, name), args, {
          cwd: "/",
          ...user,
          env: { PATH: "/usr/bin:/bin", LC_ALL: "C" }
        })
        assert.strictEqual(status, 0, `${name}: ${String(stdout)}${String(stderr)}`)
      }
      // The socket's folder is the server's own, of which a port there is no other.
      const address = (database: string) => `postgres://postgres@localhost:5432/${database}?host=${encodeURIComponent(data)}`
      tool("initdb", "-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C")
      yield* Effect.acquireRelease(
        Effect.sync(() => tool("pg_ctl", "start", "-w", "-D", data, "-l", join(data, "log"), "-o", `-c listen_addresses= -k ${data}`)),
        () => Effect.sync(() => tool("pg_ctl", "stop", "-D", data, "-m", "immediate"))
      )
      const file = join(data, "backup.dump")
      yield* Effect.scoped(Effect.gen(function*() {
        const service = yield* serve(address("postgres"))
        yield* send(service.url, first)
        yield* send(service.url, second)
        tool("pg_dump", "--format=custom", `--file=${file}`, address("postgres"))
        yield* send(service.url, third)
      }))
      tool("createdb", "--template=template0", "--maintenance-db", address("postgres"), "restored")
      tool("pg_restore", "--exit-on-error", "--no-owner", `--dbname=${address("restored")}`, file)
      const service = yield* serve(address("restored"))
      yield* assertRestored(service, address("restored"), [...first, ...second], [...first, ...second, ...third])
    }))
}
