import { PgConnection } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import { spawn, spawnSync } from "node:child_process"
import { readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { EmbeddedPostgres } from "../../../src/database/embedded/EmbeddedPostgres.ts"
import { HolderPatience } from "../../../src/database/embedded/FolderLock.ts"
import { until } from "../../support/time/until.ts"
import { watchedFolder } from "../../support/watchedFolder.ts"

/** Why no containers can be made here; nothing if they can. */
const hindrance = (): string | undefined => {
  if (process.platform !== "linux") return "only Linux has namespaces"
  if (process.getuid?.() !== 0) return "making namespaces takes root"
  const tried = spawnSync("unshare", ["-fpin", "--mount-proc", "true"])
  return tried.status === 0 ? undefined : `unshare failed: ${String(tried.stderr ?? tried.error).trim()}`
}

const cleaner = `
read _
pid=$(head -n 1 "$0/data/postgres/data/postmaster.pid" 2>/dev/null) && tr '\\0' ' ' <"/proc/$pid/cmdline" | grep -q "$0" && kill -KILL "$pid"
rm -rf "$0"
`
const dataFolder = Effect.map(watchedFolder("containers", cleaner), (folder) => join(folder, "data"))

const runtime = process.versions["deno"] === undefined ? [process.execPath] : [process.execPath, "run", "-A"]
const member = [...runtime, fileURLToPath(new URL("member.ts", import.meta.url))]

/** All namespaces that a container has of its own, as far as PostgreSQL goes by them. */
const container = ["unshare", "-fpin", "--mount-proc", "--kill-child"]

const withLoopback = [...container, "sh", "-c", `ip link set lo up; exec "$@"`, "sh"]

/**
 * A member of the server behind a command that puts it into a container; with what it says. Killed
 * with the scope, and with it all of its container.
 */
const memberIn = Effect.fnUntraced(function*(dataDir: string, [file = "", ...args]: ReadonlyArray<string>) {
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => spawn(file, [...args, ...member, dataDir], { stdio: "pipe" })),
    (child) => Effect.andThen(Effect.sync(() => child.kill("SIGKILL")), until(() => child.exitCode !== null || child.signalCode !== null))
  )
  let said = ""
  child.stdout.on("data", (chunk) => said += String(chunk))
  child.stderr.on("data", (chunk) => said += String(chunk))
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null
  yield* until(() => said.includes("postgres://") || hasEnded())
  return { pid: child.pid ?? assert.fail("no process"), url: /postgres:\S+/.exec(said)?.[0], said: () => said, hasEnded, child }
})

const query = (url: string, sql: string) =>
  PgConnection.make({ url: Redacted.make(url) }).pipe(
    Effect.flatMap((connection) => connection.queryValues(sql)),
    Effect.scoped
  )

const descendants = async (pid: number): Promise<ReadonlyArray<number>> => {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "")
  const children = text.split(" ").filter((id) => id !== "").map(Number)
  return [...children, ...(await Promise.all(children.map(descendants))).flat()]
}

/** What a newcomer must leave alone: who runs, what the server said, its sockets and its lock. */
const state = (dataDir: string) =>
  Effect.promise(async () => {
    const home = join(dataDir, "postgres")
    const texts = await Promise.all(["lock", "data/postmaster.pid", ".s.PGSQL.5432.lock"].map((name) => readFile(join(home, name), "utf8")))
    const log = await stat(join(dataDir, "postgres.log"))
    return { texts, log: [log.ino, log.size], names: [...await readdir(dataDir), ...await readdir(home)].sort() }
  })

const refusal = (dataDir: string) => `${dataDir} is in use by a service in another container or on another machine. Stop that one`

const acquire = (dataDir: string) => EmbeddedPostgres.acquire(dataDir)
const quiet = Effect.provide(Logger.layer([]))

const why = hindrance()
const inContainers = why === undefined ? it.live : it.live.skip
const told = why === undefined ? "" : ` (SKIPPED, not possible here: ${why})`

describe.concurrent("a data folder in several containers", () => {
  inContainers(`is refused to all but the first, frozen or not, and free once that one is killed${told}`, () =>
    Effect.gen(function*() {
      const dataDir = yield* dataFolder
      const holder = yield* memberIn(dataDir, container)
      const url = holder.url ?? assert.fail(holder.said())
      yield* query(url, "create table kept as select 42 as answer")
      const before = yield* state(dataDir)

      const everyWay = [container, ["unshare", "-n"], ["unshare", "-i"], ["unshare", "-fp", "--kill-child"], ["env"]]
      const refuseAll = Effect.fnUntraced(function*(ways: typeof everyWay) {
        for (const { hasEnded, said } of yield* Effect.forEach(ways, (way) => memberIn(dataDir, way), { concurrency: "unbounded" })) {
          assert.isTrue(hasEnded(), said())
          assert.include(said(), refusal(dataDir))
        }
        assert.deepStrictEqual(yield* state(dataDir), before)
      })
      yield* refuseAll(everyWay)
      assert.deepStrictEqual(yield* query(url, "select answer from kept"), [[42]])

      // Who is in the container too, as `docker exec` is, shares the server.
      const [init = 0] = yield* Effect.promise(() => descendants(holder.pid))
      const exec = yield* Effect.scoped(memberIn(dataDir, ["nsenter", `--target=${init}`, "-p", "-i", "-n", "-m"]))
      assert.strictEqual(exec.url, url, exec.said())

      const all = yield* Effect.promise(() => descendants(holder.pid))
      for (const pid of all) process.kill(pid, "SIGSTOP")
      yield* refuseAll([container])
      for (const pid of all) process.kill(pid, "SIGCONT")

      // The init of the container, and the kernel then kills all else in it.
      process.kill(init, "SIGKILL")
      yield* until(holder.hasEnded)
      const next = yield* memberIn(dataDir, container)
      assert.deepStrictEqual(yield* query(next.url ?? assert.fail(next.said()), "select answer from kept"), [[42]])
      assert.notInclude(next.said(), "Watching")
    }).pipe(Effect.scoped))

  inContainers(
    `is refused while a server lives there that has lost its users, also one of a release without the lock${told}`,
    () =>
      Effect.gen(function*() {
        const dataDir = yield* dataFolder
        const script = `"$@" & read _; kill -KILL $!; wait; echo killed; exec sleep 600`
        const holder = yield* memberIn(dataDir, [...container, "sh", "-c", script, "sh"])
        assert.isDefined(holder.url, holder.said())
        holder.child.stdin.write("\n")
        yield* until(() => /^killed$/m.test(holder.said()))
        assert.include((yield* Effect.flip(acquire(dataDir))).message, refusal(dataDir))
        yield* Effect.promise(() => rm(join(dataDir, "postgres/lock")))
        assert.include((yield* Effect.flip(acquire(dataDir))).message, refusal(dataDir))
        assert.include((yield* memberIn(dataDir, container)).said(), refusal(dataDir))
      }).pipe(Effect.scoped)
  )

  inContainers(`goes to one of two that start at once, also where it is too deep for a socket${told}`, () =>
    Effect.gen(function*() {
      const dataDir = join(yield* dataFolder, "x".repeat(100))
      // What is there before makes them start at the same moment.
      yield* Effect.scoped(acquire(dataDir))
      const members = yield* Effect.all([memberIn(dataDir, withLoopback), memberIn(dataDir, withLoopback)], { concurrency: 2 })
      assert.strictEqual(members.filter(({ url }) => url !== undefined).length, 1)
      assert.include(members.find(({ url }) => url === undefined)?.said(), refusal(dataDir))
    }).pipe(Effect.scoped))

  it.live("is refused as long as somebody on another machine sets the time of its lock, and is free soon after", () =>
    Effect.gen(function*() {
      const dataDir = yield* dataFolder
      yield* Effect.scoped(acquire(dataDir))
      const lock = join(dataDir, "postgres/lock")
      // Left alone by a server that was stopped.
      assert.include(yield* Effect.promise(() => readFile(lock, "utf8")), "nobody")
      for (const how of ["locked", "unlocked"]) {
        yield* Effect.promise(() => writeFile(lock, `${how} another-boot,pid:[1],ipc:[1],net:[1]\n`))
        const beat = Effect.promise(() => utimes(lock, new Date(), new Date()))
        const elsewhere = yield* Effect.forkChild(Effect.repeat(beat, Schedule.spaced("100 millis")))
        const refused = yield* Effect.flip(Effect.scoped(acquire(dataDir)))
        assert.strictEqual(refused.reason, "InUse")
        assert.include(refused.message, refusal(dataDir))
        yield* Fiber.interrupt(elsewhere)
        yield* Effect.scoped(acquire(dataDir))
      }
    }).pipe(Effect.scoped, Effect.provideService(HolderPatience, 1000), quiet))

  it.live("has the time of its lock set by its users", () =>
    Effect.gen(function*() {
      const dataDir = yield* dataFolder
      yield* acquire(dataDir)
      const time = Effect.promise(() => stat(join(dataDir, "postgres/lock"), { bigint: true }).then(({ mtimeNs }) => mtimeNs))
      const before = yield* time
      yield* Effect.repeat(time, { until: (now) => now !== before, schedule: Schedule.spaced("50 millis") })
    }).pipe(Effect.scoped))
})
