import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { spawn } from "node:child_process"
import { chmod, mkdtemp } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { TestProject } from "vitest/node"
import { EmbeddedPostgres } from "../../src/database/embedded/EmbeddedPostgres.ts"
import { removeFolder } from "./removeFolder.ts"

declare module "vitest" {
  export interface ProvidedContext {
    /** The superuser's URL of the server for tests. */
    readonly databaseUrl: string
  }
}

/**
 * Ends the server and removes its folder when this process dies by whatever means (its standard
 * input ends), so that a test run that is killed, or left by a second Ctrl-C, leaves nothing
 * behind.
 */
const cleaner = `
read _
pid=$(head -n 1 "$0/data/postgres/data/postmaster.pid" 2>/dev/null) && kill -QUIT "$pid"
while [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
rm -rf "$0"
`

/**
 * A server for tests, TEST_DATABASE_URL (a superuser's) or an embedded one in a temporary folder,
 * until it is stopped.
 */
export const startServer = async (): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> => {
  const given = process.env["TEST_DATABASE_URL"]
  if (given !== undefined && given !== "") return { url: given, stop: async () => {} }
  const folder = await mkdtemp(join(tmpdir(), "playtally-test-"))
  // For the account that runs the server if we are root.
  await chmod(folder, 0o711)
  const watcher = spawn("sh", ["-c", cleaner, folder], { detached: true, stdio: ["pipe", "ignore", "ignore"] })
  watcher.unref()
  const scope = Scope.makeUnsafe()
  const acquire = EmbeddedPostgres.acquire(join(folder, "data"), { durable: false, tcp: true })
  const { url } = await Effect.runPromise(Scope.provide(acquire, scope))
  return {
    url: Redacted.value(url),
    stop: async () => {
      await Effect.runPromise(Scope.close(scope, Exit.void))
      await removeFolder(folder)
      watcher.stdin.end()
    }
  }
}

/** One server for the whole run. */
export default async function setup(project: TestProject) {
  const { stop, url } = await startServer()
  project.provide("databaseUrl", url)
  return stop
}
