import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { spawnSync } from "node:child_process"
import { chown, cp, mkdir, open, readdir, readFile, rm, stat, statfs, symlink } from "node:fs/promises"
import { join } from "node:path"
import type { EmbeddedCluster } from "../../../src/database/embedded/EmbeddedCluster.ts"
import { TestDatabase } from "../../support/database/TestDatabase.ts"
import { request } from "../../support/service/sender.ts"
import { startService } from "../../support/service/ServiceProcess.ts"
import { assertExact } from "./checkExactness.ts"
import { startLoad } from "./Load.ts"
import { asTestDatabase, ownPostgres, serverFolder, signalTo } from "./OwnPostgres.ts"
import { notPossibleHere, scenario, shownTimes } from "./scenario.ts"

const MiB = 1024 * 1024

const mount = (folder: string) => spawnSync("mount", ["-t", "tmpfs", "-o", "size=220m,mode=0711", "tmpfs", folder])

/** Why no small disk can be made here; nothing if one can. */
const hindrance = (): string | undefined => {
  if (process.platform !== "linux") return "only on Linux is there a tmpfs"
  if (process.getuid?.() !== 0) return "mounting a tmpfs takes root"
  const tried = spawnSync("unshare", ["-m", "sh", "-c", "mount -t tmpfs tmpfs /mnt"])
  return tried.status === 0 ? undefined : `mounting a tmpfs failed: ${String(tried.stderr).trim()}`
}

/** A disk of 220 MiB, in a folder. */
const smallDisk = Effect.gen(function*() {
  const folder = yield* serverFolder
  const disk = join(folder, "data")
  yield* Effect.acquireRelease(
    Effect.promise(async () => {
      await mkdir(disk)
      assert.strictEqual(mount(disk).status, 0)
    }),
    () =>
      Effect.promise(async () => {
        // What a service's own server has on it goes first.
        const pid = Number((await readFile(join(disk, "postgres/data/postmaster.pid"), "utf8").catch(() => "")).split("\n")[0])
        if (pid > 0) signalTo(pid, "SIGKILL")
        while (spawnSync("umount", [disk]).status !== 0) await new Promise((done) => setTimeout(done, 100))
      })
  )
  const ballast = join(disk, "ballast")
  return {
    folder,
    disk,
    /** Fills the disk up to what is to be left. */
    fill: (left: number) =>
      Effect.promise(async () => {
        const { bavail, bsize } = await statfs(disk)
        const file = await open(ballast, "w")
        const chunk = Buffer.alloc(MiB)
        for (let bytes = bavail * bsize - left; bytes > 0; bytes -= MiB) await file.write(chunk, 0, Math.min(bytes, MiB))
        await file.close()
      }),
    free: Effect.promise(() => rm(ballast))
  }
})

/**
 * Moves the server's write-ahead log elsewhere, so that only what it stores has to fit on the disk.
 */
const moveLog = (folder: string) => async (cluster: EmbeddedCluster) => {
  const [from, to] = [join(cluster.data, "pg_wal"), join(folder, "wal")]
  const { gid, uid } = await stat(cluster.data)
  await cp(from, to, { recursive: true })
  for (const path of [to, ...(await readdir(to, { recursive: true })).map((name) => join(to, name))]) await chown(path, uid, gid)
  await rm(from, { recursive: true })
  await symlink(to, from)
}

/** Waits until the sender has been told 503 some times more, as nothing else happens. */
const told503 = (load: { readonly unavailable: () => number }, times: number) => {
  const before = load.unavailable()
  return Effect.repeat(Effect.as(Effect.sleep("50 millis"), undefined), { until: () => load.unavailable() >= before + times })
}

const why = hindrance()
const names = { stored: "a disk that has no room for what is stored", log: "a disk that has no room for PostgreSQL's own log" }
if (why !== undefined) {
  for (const name of Object.values(names)) notPossibleHere(name, why)
} else {
  scenario(names.stored, 150, (told): Effect.Effect<void, unknown, Scope.Scope> =>
    Effect.gen(function*() {
      const { disk, fill, folder, free } = yield* smallDisk
      const postgres = yield* ownPostgres(disk, moveLog(folder))
      const service = yield* Effect.provideService(startService(), TestDatabase, asTestDatabase(postgres))
      const load = yield* startLoad({ seed: told.seed, urls: () => [service.url] })
      yield* load.served
      yield* Effect.sleep("2 seconds")
      yield* fill(2 * MiB)
      yield* told503(load, 8)
      yield* free
      const time = yield* load.served
      told.tell(`served again ${shownTimes([time])} after there was room`)
      assert.isBelow(time, 15_000)
      yield* Effect.repeat(request(`${service.url}/readyz`), { while: ({ status }) => status !== 200 })
      yield* assertExact(told, postgres, service.url, yield* load.finish)
    }))

  scenario(names.log, 240, (told): Effect.Effect<void, unknown, Scope.Scope> =>
    Effect.gen(function*() {
      const { disk, fill, free } = yield* smallDisk
      // The service's own server, which it starts again by itself.
      const service = yield* Effect.provideService(
        startService({ DATABASE_URL: "", DATA_DIR: disk }),
        TestDatabase,
        asTestDatabase({ url: "postgres://none" })
      )
      const load = yield* startLoad({ seed: told.seed, urls: () => [service.url] })
      yield* load.served
      yield* Effect.sleep("2 seconds")
      yield* fill(6 * MiB)
      yield* told503(load, 20)
      yield* free
      const time = yield* load.served
      told.tell(`served again ${shownTimes([time])} after there was room`)
      assert.isBelow(time, 60_000)
      yield* Effect.repeat(request(`${service.url}/readyz`), { while: ({ status }) => status !== 200 })
      const password = (yield* Effect.promise(() => readFile(join(disk, "postgres/password"), "utf8"))).trim()
      const port = (yield* Effect.promise(() => readFile(join(disk, "postgres/data/postmaster.pid"), "utf8"))).split("\n")[3]
      const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`
      yield* assertExact(told, { url }, service.url, yield* load.finish)
    }))
}
