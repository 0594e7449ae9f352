import { NodeServices } from "@effect/platform-node"
import * as Effect from "effect/Effect"
import { cp, mkdtemp, symlink } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { createVersion } from "../../../src/cli/projections/newVersion.ts"
import { removeFolder } from "../../support/removeFolder.ts"

const root = fileURLToPath(new URL("../../..", import.meta.url))

/**
 * A working copy of the project in which a projection has a next version, which folds as the one
 * before; its folder, gone when the scope closes.
 */
export const copyWithNextVersion = Effect.fnUntraced(function*(projection: string) {
  const folder = yield* Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "playtally-copy-"))),
    (folder) => Effect.promise(() => removeFolder(folder))
  )
  yield* Effect.promise(async () => {
    for (const name of ["package.json", "src", "migrations", "test/projections"]) {
      await cp(join(root, name), join(folder, name), { recursive: true })
    }
    await symlink(join(root, "node_modules"), join(folder, "node_modules"))
  })
  yield* Effect.provide(createVersion(folder, projection), NodeServices.layer)
  return folder
})
