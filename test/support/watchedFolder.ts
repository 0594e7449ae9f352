import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { spawn } from "node:child_process"
import { chmod, mkdtemp } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { removeFolder } from "./removeFolder.ts"

/**
 * A folder that the account of an embedded server may enter, gone when the scope closes. `cleaner`
 * is a shell script that ends what runs in the folder, its `$0`, and removes it: it waits at
 * `read _` until this process dies, by whatever means, without having come to that.
 */
export const watchedFolder = (name: string, cleaner: string): Effect.Effect<string, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const folder = await mkdtemp(join(tmpdir(), `playtally-${name}-`))
      await chmod(folder, 0o711)
      const watcher = spawn("sh", ["-c", cleaner, folder], { detached: true, stdio: ["pipe", "ignore", "ignore"] })
      watcher.unref()
      return { folder, watcher }
    }),
    ({ folder, watcher }) =>
      Effect.promise(async () => {
        await removeFolder(folder)
        watcher.kill("SIGKILL")
      })
  ).pipe(Effect.map(({ folder }) => folder))
