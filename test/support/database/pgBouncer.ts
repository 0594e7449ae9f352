import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { chmod, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { freePort } from "../../../src/database/embedded/EmbeddedServer.ts"
import { until } from "../time/until.ts"
import { watchedFolder } from "../watchedFolder.ts"
import { TestDatabase } from "./TestDatabase.ts"

/** PgBouncer's program, where a machine has one. */
export const pgBouncerProgram: string | undefined = [
  "/usr/sbin/pgbouncer",
  "/usr/bin/pgbouncer",
  "/usr/local/bin/pgbouncer",
  "/opt/homebrew/bin/pgbouncer"
]
  .find((path) => existsSync(path))

const cleaner = `read _; pid=$(cat "$0/pid" 2>/dev/null) && kill -KILL "$pid"; rm -rf "$0"`

/**
 * A PgBouncer before the test's database until the scope closes; the URL leads through it. Settings
 * are lines of its file.
 */
export const pgBouncer = Effect.fnUntraced(function*(program: string, settings: Readonly<Record<string, string | number>>) {
  const database = new URL(Redacted.value((yield* TestDatabase).url))
  const folder = yield* watchedFolder("pgbouncer", cleaner)
  const file = (name: string, text: string) =>
    Effect.promise(async () => {
      await writeFile(join(folder, name), text)
      await chmod(join(folder, name), 0o644)
      return join(folder, name)
    })
  const port = yield* Effect.promise(freePort)
  const users = yield* file("users", `"${database.username}" "${decodeURIComponent(database.password)}"\n`)
  const lines = {
    listen_addr: "127.0.0.1",
    listen_port: port,
    unix_socket_dir: "",
    auth_type: "plain",
    auth_file: users,
    default_pool_size: 40,
    max_client_conn: 200,
    ...settings
  }
  const ini = yield* file(
    "pgbouncer.ini",
    `[databases]\n* = host=${database.hostname} port=${database.port === "" ? 5432 : database.port}\n[pgbouncer]\n${
      Object.entries(lines).map(([name, value]) => `${name} = ${value}`).join("\n")
    }\n`
  )
  // It refuses to run as root.
  const command = process.getuid?.() === 0
    ? ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", program, ini]
    : [program, ini]
  let said = ""
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => {
      const child = spawn(command[0] ?? "", command.slice(1), { stdio: ["ignore", "ignore", "pipe"] })
      child.stderr.on("data", (chunk) => said += String(chunk))
      return child
    }),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )
  yield* file("pid", String(child.pid))
  yield* until(() => /process up/.test(said) || child.exitCode !== null)
  if (child.exitCode !== null) return yield* Effect.die(new Error(`pgbouncer ended: ${said}`))
  const url = new URL(database)
  url.hostname = "127.0.0.1"
  url.port = String(port)
  return { url: url.href, said: () => said }
})
