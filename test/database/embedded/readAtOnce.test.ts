import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { spawn } from "node:child_process"
import { mkdtemp } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { readAtOnce } from "../../../src/database/embedded/readAtOnce.ts"
import { removeFolder } from "../../support/removeFolder.ts"

describe("readAtOnce", () => {
  it.live("gives the old text, the new one or none of a file that another process replaces, and never a part", () =>
    Effect.gen(function*() {
      const folder = yield* Effect.acquireRelease(
        Effect.promise(() => mkdtemp(join(tmpdir(), "playtally-read-"))),
        (folder) => Effect.promise(() => removeFolder(folder))
      )
      const file = join(folder, "lock")
      const texts = ["locked nobody\n", `locked ${"x".repeat(100)}\n`]
      yield* Effect.acquireRelease(
        Effect.sync(() =>
          spawn("sh", ["-c", "while :; do printf '%s' \"$1\" >\"$0\"; printf '%s' \"$2\" >\"$0\"; done", file, ...texts], {
            stdio: "ignore"
          })
        ),
        (writer) => Effect.sync(() => writer.kill("SIGKILL"))
      )
      const seen = new Map<string, number>()
      yield* Effect.promise(async () => {
        // As many reads as show a part some twenty times where the size is asked for first.
        for (let read = 0; read < 3000 || seen.size < 3; read += 1) {
          const text = await readAtOnce(file)
          seen.set(text, (seen.get(text) ?? 0) + 1)
        }
      })
      assert.deepStrictEqual([...seen.keys()].sort(), ["", ...texts])
    }).pipe(Effect.scoped))
})
