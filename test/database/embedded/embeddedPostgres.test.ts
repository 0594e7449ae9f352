import { PgConnection } from "@effect/sql-pg"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Logger from "effect/Logger"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import { execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync } from "node:fs"
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises"
import { connect, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { EmbeddedPostgres } from "../../../src/database/embedded/EmbeddedPostgres.ts"
import { networkFileSystem } from "../../../src/database/embedded/networkFileSystem.ts"
import { removeFolder } from "../../support/removeFolder.ts"
import { slowness } from "../../support/time/slowness.ts"

const isRoot = process.getuid?.() === 0

const postmasterPid = (dataDir: string) =>
  Effect.promise(() =>
    readFile(join(dataDir, "postgres/data/postmaster.pid"), "utf8").then((text) => Number.parseInt(text, 10), () => undefined)
  )

const kill = (pid: number | undefined) => {
  if (pid !== undefined) process.kill(pid, "SIGKILL")
}

/** A folder for DATA_DIR; whatever server is left in it at the end of the test is killed. */
const dataFolder = Effect.acquireRelease(
  Effect.promise(async () => {
    const folder = await mkdtemp(join(tmpdir(), "playtally-embedded-"))
    await chmod(folder, 0o711)
    return join(folder, "data")
  }),
  (dataDir) =>
    Effect.gen(function*() {
      const pid = yield* postmasterPid(dataDir)
      yield* Effect.sync(() => kill(pid)).pipe(Effect.catchDefect(() => Effect.void))
      yield* Effect.promise(() => removeFolder(join(dataDir, "..")))
    })
)

const template = join(mkdtempSync(join(tmpdir(), "playtally-embedded-")), "data")

/**
 * Makes the folder that {@link usedFolder} copies: initdb takes some seconds of waiting for the
 * disk, and a copy takes a moment. The port of its server is forgotten, as none has run in a copy.
 */
beforeAll(async () => {
  await chmod(join(template, ".."), 0o711)
  await Effect.runPromise(Effect.scoped(EmbeddedPostgres.acquire(template)))
  await rm(join(template, "postgres/data/postmaster.opts"))
})
afterAll(() => removeFolder(join(template, "..")))

/** The same with a database in it that somebody has left. */
const usedFolder = Effect.tap(dataFolder, (dataDir) => Effect.promise(() => promisify(execFile)("cp", ["-a", template, dataDir])))

const query = (url: string | Redacted.Redacted, sql: string) =>
  PgConnection.make({ url: Redacted.isRedacted(url) ? url : Redacted.make(url) }).pipe(
    Effect.flatMap((connection) => connection.queryValues(sql)),
    Effect.scoped
  )

const serverIdentity = (url: string | Redacted.Redacted) =>
  Effect.map(query(url, "select pg_postmaster_start_time()::text"), ([row]) => row?.[0])

/** Another process that uses the server, once it does. */
const member = Effect.fnUntraced(function*(dataDir: string) {
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn(process.execPath, [fileURLToPath(new URL("member.ts", import.meta.url)), dataDir], {
        stdio: ["ignore", "pipe", "inherit"],
        detached: true
      })
    ),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )
  const [url] = yield* Effect.promise(() => once(child.stdout, "data"))
  const end = (signal: NodeJS.Signals) =>
    Effect.promise(() => {
      const exit = once(child, "exit")
      // The whole process group, as a terminal does.
      process.kill(-Number(child.pid), signal)
      return exit
    })
  return { url: String(url).trim(), leave: end("SIGINT"), crash: end("SIGKILL") }
})

/** A use of the server from this process, with a way to end it. */
const user = Effect.fnUntraced(function*(dataDir: string) {
  const scope = yield* Effect.acquireRelease(Scope.make(), (scope) => Scope.close(scope, Exit.void))
  const { url } = yield* Scope.provide(EmbeddedPostgres.acquire(dataDir), scope)
  return { url, leave: Scope.close(scope, Exit.void) }
})

const isStopped = (dataDir: string) => Effect.map(postmasterPid(dataDir), (pid) => pid === undefined)

describe.concurrent("EmbeddedPostgres", () => {
  it.live("is shared by processes that start at once; the first to have come may leave first", () =>
    Effect.gen(function*() {
      const dataDir = yield* dataFolder
      const [first, second, third] = yield* Effect.all([member(dataDir), member(dataDir), user(dataDir)], { concurrency: 3 })
      assert.strictEqual(first.url, second.url)
      assert.strictEqual(first.url, Redacted.value(third.url))
      assert.deepStrictEqual((yield* Effect.promise(() => readdir(dataDir))).sort(), ["postgres", "postgres.log"])
      const identity = yield* serverIdentity(first.url)
      yield* query(first.url, "create table kept as select 42 as answer")

      yield* first.leave
      assert.strictEqual(yield* serverIdentity(second.url), identity)
      yield* third.leave
      assert.strictEqual(yield* serverIdentity(second.url), identity)
      assert.isFalse(yield* isStopped(dataDir))
      yield* second.leave
      assert.isTrue(yield* isStopped(dataDir))

      const again = yield* user(dataDir)
      assert.strictEqual(Redacted.value(again.url), first.url)
      assert.deepStrictEqual(yield* query(again.url, "select answer from kept"), [[42]])
    }).pipe(Effect.scoped))

  it.live("lets the last to have come leave first", () =>
    Effect.gen(function*() {
      const dataDir = yield* usedFolder
      const first = yield* member(dataDir)
      const second = yield* member(dataDir)
      yield* second.leave
      assert.deepStrictEqual(yield* query(first.url, "select 1"), [[1]])
      yield* first.leave
      assert.isTrue(yield* isStopped(dataDir))
    }).pipe(Effect.scoped))

  it.live("is taken over as it runs after its users were killed, and stopped when they have left", () =>
    Effect.gen(function*() {
      const dataDir = yield* usedFolder
      const killed = yield* member(dataDir)
      const identity = yield* serverIdentity(killed.url)
      yield* killed.crash
      assert.strictEqual(yield* serverIdentity(killed.url), identity)
      const next = yield* member(dataDir)
      assert.strictEqual(yield* serverIdentity(next.url), identity)
      yield* next.leave
      assert.isTrue(yield* isStopped(dataDir))
    }).pipe(Effect.scoped))

  it.live("recovers what was committed after its users and the server itself were killed", () =>
    Effect.gen(function*() {
      const dataDir = yield* usedFolder
      const killed = yield* member(dataDir)
      yield* query(killed.url, "create table kept as select 42 as answer")
      const pid = yield* postmasterPid(dataDir)
      yield* killed.crash
      kill(pid)
      const next = yield* user(dataDir)
      assert.deepStrictEqual(yield* query(next.url, "select answer from kept"), [[42]])
    }).pipe(Effect.scoped))

  it.live("is not misled by the file of a crashed server whose process number someone else has now", () =>
    Effect.gen(function*() {
      const dataDir = yield* usedFolder
      const first = yield* user(dataDir)
      const file = join(dataDir, "postgres/data/postmaster.pid")
      const text = yield* Effect.promise(() => readFile(file, "utf8"))
      yield* first.leave
      // The server believes only processes of its own account.
      const { gid, uid } = yield* Effect.promise(() => stat(join(dataDir, "postgres/data")))
      const other = yield* Effect.acquireRelease(
        Effect.sync(() => spawn("sleep", ["60"], { stdio: "ignore", ...(isRoot ? { gid, uid } : {}) })),
        (child) => Effect.sync(() => child.kill("SIGKILL"))
      )
      // The data directory's, the socket's, or both.
      const socket = join(dataDir, "postgres/.s.PGSQL.5432")
      const lock = `${socket}.lock`
      yield* Effect.promise(() => writeFile(file, text.replace(/^\d+/, String(other.pid))))
      yield* Effect.promise(() => writeFile(socket, ""))
      yield* Effect.promise(() => writeFile(lock, text.replace(/^\d+/, String(other.pid))))
      if (isRoot) yield* Effect.promise(() => Promise.all([socket, lock].map((path) => chown(path, uid, gid))))
      const second = yield* user(dataDir)
      assert.deepStrictEqual(yield* query(second.url, "select 1"), [[1]])
    }).pipe(Effect.scoped))

  it.live("never gives a newcomer a server that someone is stopping", () =>
    Effect.gen(function*() {
      const dataDir = yield* usedFolder
      const use = (milliseconds: number) =>
        Effect.gen(function*() {
          const { leave, url } = yield* user(dataDir)
          yield* query(url, `select pg_sleep(${milliseconds / 1000})`)
          yield* leave
        }).pipe(Effect.scoped)
      // Lengths that fall in and out of step, so that leaving and coming meet in ever new ways.
      const walk = (lengths: ReadonlyArray<number>) => Effect.forEach(lengths, use, { discard: true })
      yield* Effect.all([walk([0, 20, 0, 60, 0, 10, 0, 0]), walk([10, 0, 30, 0, 0, 50, 0, 0]), walk([30, 30, 0, 0, 20, 0, 40])], {
        concurrency: "unbounded",
        discard: true
      })
      assert.isTrue(yield* isStopped(dataDir))
    }).pipe(Effect.scoped))

  it.live("starts the server again that others stopped before its starter saw it run", () =>
    Effect.gen(function*() {
      const dataDir = yield* usedFolder
      const file = join(dataDir, "postgres/data/postmaster.pid")
      const stopWhenReady = Effect.promise(() => readFile(file, "utf8").catch(() => "")).pipe(
        Effect.repeat({ until: (text) => /^ready/m.test(text), schedule: Schedule.spaced("1 millis") }),
        Effect.tap((text) => Effect.sync(() => process.kill(Number(text.split("\n")[0]), "SIGINT")))
      )
      const [newcomer] = yield* Effect.all([user(dataDir), stopWhenReady], { concurrency: "unbounded" })
      assert.deepStrictEqual(
        yield* query(newcomer.url, "select 1").pipe(Effect.retry({ schedule: Schedule.spaced("50 millis"), times: 1000 })),
        [[1]]
      )
    }).pipe(Effect.scoped, Effect.provide(Logger.layer([]))))

  it.live("brings a server that was killed back on the same URL", () =>
    Effect.gen(function*() {
      const dataDir = yield* usedFolder
      const { leave, url } = yield* user(dataDir)
      kill(yield* postmasterPid(dataDir))
      const rows = yield* query(url, "select 1").pipe(
        Effect.retry(Schedule.spaced("50 millis")),
        Effect.timeout("60 seconds")
      )
      assert.deepStrictEqual(rows, [[1]])
      yield* leave
      assert.isTrue(yield* isStopped(dataDir))
    }).pipe(Effect.scoped))

  it.live("can be left while its server cannot come back", () =>
    Effect.gen(function*() {
      const dataDir = yield* usedFolder
      const { leave } = yield* user(dataDir)
      yield* Effect.promise(() => rm(join(dataDir, "postgres/data/global/pg_control")))
      kill(yield* postmasterPid(dataDir))
      const log = join(dataDir, "postgres.log")
      yield* Effect.promise(() => readFile(log, "utf8")).pipe(
        Effect.repeat({ until: (text) => text.includes("could not find the database system"), schedule: Schedule.spaced("20 millis") })
      )
      yield* Effect.timeout(leave, `${5 * slowness()} seconds`)
    }).pipe(Effect.scoped, Effect.provide(Logger.layer([]))))

  it.live("survives crashes of the machine, and is closed to other users of it", () =>
    Effect.gen(function*() {
      const dataDir = yield* dataFolder
      const { url } = yield* user(dataDir)
      const settings = yield* query(
        url,
        "select name, setting from pg_settings where name in ('fsync', 'full_page_writes', 'synchronous_commit', 'listen_addresses', 'data_checksums')"
      )
      assert.deepStrictEqual(Object.fromEntries(settings), {
        data_checksums: "on",
        fsync: "on",
        full_page_writes: "on",
        listen_addresses: "",
        synchronous_commit: "on"
      })
      assert.deepStrictEqual(yield* query(url, "select distinct auth_method from pg_hba_file_rules"), [["scram-sha-256"]])
      const modes = yield* Effect.promise(() =>
        Promise.all(["postgres", "postgres/password"].map(async (name) => (await stat(join(dataDir, name))).mode & 0o777))
      )
      assert.deepStrictEqual(modes, [0o700, 0o600])
      const wrong = new URL(Redacted.value(url))
      wrong.password = "guess"
      const refused = yield* Effect.flip(query(wrong.href, "select 1"))
      assert.strictEqual(refused.reason._tag, "AuthenticationError")
    }).pipe(Effect.scoped))

  it.live("serves its users while 150 others hold connections and say nothing, on a socket and on a port", () =>
    Effect.gen(function*() {
      for (const tcp of [false, true]) {
        const dataDir = yield* usedFolder
        const url = new URL(Redacted.value((yield* EmbeddedPostgres.acquire(dataDir, { tcp })).url))
        const host = url.searchParams.get("host")
        assert.strictEqual(host, tcp ? null : join(dataDir, "postgres"))
        const target = host === null ? { host: url.hostname, port: Number(url.port) } : { path: join(host, `.s.PGSQL.${url.port}`) }
        const connections = yield* Effect.acquireRelease(
          Effect.promise(() =>
            Promise.all(Array.from({ length: 150 }, () =>
              new Promise<Socket>((resolve, reject) => {
                const socket = connect({ ...target })
                socket.once("connect", () => resolve(socket)).once("error", reject)
              })))
          ),
          (sockets) => Effect.sync(() => sockets.forEach((socket) => socket.destroy()))
        )
        assert.deepStrictEqual(yield* query(url.href, "select 1"), [[1]])
        assert.strictEqual(connections.length, 150)
      }
    }).pipe(Effect.scoped))

  it.live("listens on a port where the path is too long for a socket, and joins who listens elsewhere than it would", () =>
    Effect.gen(function*() {
      const long = join(yield* dataFolder, "x".repeat(100))
      const { url } = yield* user(long)
      assert.strictEqual(new URL(Redacted.value(url)).hostname, "127.0.0.1")
      assert.deepStrictEqual(yield* query(url, "select 1"), [[1]])

      const dataDir = yield* usedFolder
      const first = yield* EmbeddedPostgres.acquire(dataDir, { tcp: true })
      const second = yield* user(dataDir)
      assert.strictEqual(Redacted.value(second.url), Redacted.value(first.url))
    }).pipe(Effect.scoped))

  it.live("has its socket in folders of any name", () =>
    Effect.gen(function*() {
      const { url } = yield* user(join(yield* dataFolder, "a, b's ü"))
      assert.include(new URL(Redacted.value(url)).searchParams.get("host"), "a, b's ü")
      assert.deepStrictEqual(yield* query(url, "select 1"), [[1]])
    }).pipe(Effect.scoped))

  it.live("says why it cannot start", () =>
    Effect.gen(function*() {
      const dataDir = yield* usedFolder
      const version = join(dataDir, "postgres/data/PG_VERSION")
      const failure = Effect.flip(Effect.scoped(EmbeddedPostgres.acquire(dataDir)))

      yield* Effect.promise(() => writeFile(version, "17\n"))
      const other = yield* failure
      assert.strictEqual(other.reason, "OtherVersion")
      assert.include(other.message, "PostgreSQL 17")

      yield* Effect.promise(() => writeFile(version, "18\n"))
      yield* Effect.promise(() => rm(join(dataDir, "postgres/data/global/pg_control")))
      const damaged = yield* failure
      assert.strictEqual(damaged.reason, "StartFailed")
      assert.include(damaged.message, "could not find the database system")

      const impossible = yield* Effect.flip(Effect.scoped(EmbeddedPostgres.acquire(join(version, "data"))))
      assert.strictEqual(impossible.reason, "StartFailed")
      assert.include(impossible.message, "ENOTDIR")
    }).pipe(Effect.scoped))

  it.live("says in one line that a folder cannot be used, also where Node would look for ever", () =>
    Effect.gen(function*() {
      const dataDir = yield* dataFolder
      yield* Effect.promise(() => writeFile(dataDir, ""))
      const failure = (folder: string) => Effect.flip(Effect.scoped(EmbeddedPostgres.acquire(folder)))
      const taken = yield* failure(dataDir)
      assert.match(taken.message, /^Could not make .*: a file has that name\. Set DATA_DIR to a folder\. .*$/)
      assert.match((yield* failure(join(dataDir, "a/b"))).message, /^Could not make .*: a file has the name of a folder\. .*$/)
      yield* Effect.promise(() => rm(dataDir))
      yield* Effect.promise(() => mkdir(join(dataDir, "postgres"), { recursive: true }))
      assert.match((yield* failure(dataDir)).message, /^Could not read the database in .*: there is no such file or folder\. .*$/)
      if (process.platform === "linux") {
        assert.match(
          (yield* failure("/proc/none/data")).message,
          /^Could not make \/proc\/none\/data: there is no such file or folder\. .*$/
        )
      }
      if (isRoot) return
      const closed = join(dataDir, "closed")
      yield* Effect.promise(() => mkdir(closed, { mode: 0o500 }))
      assert.match((yield* failure(join(closed, "data"))).message, /^Could not make .*: this account may not\. Start as .*$/)
    }).pipe(Effect.scoped))

  it("knows network file systems by their numbers", () => {
    assert.strictEqual(networkFileSystem(0x6969, "linux"), "NFS")
    assert.strictEqual(networkFileSystem(0xff534d42 | 0, "linux"), "CIFS")
    // ext4, and a number of Linux on another system.
    assert.isUndefined(networkFileSystem(0xef53, "linux"))
    assert.isUndefined(networkFileSystem(0x6969, "darwin"))
  })
})
