import { Argument, Command } from "effect/cli"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FileSystem from "effect/FileSystem"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"
import { exportLog, type LogProgress } from "../transfer/exportLog.ts"
import { checkedLog } from "./checkedDatabase.ts"
import { CommandFailed, explained } from "./CommandFailed.ts"
import { rateLine, withProgress } from "./progress.ts"
import { failedIfStopped } from "./stopOnSignal.ts"

/** Readable for the owner alone: the file holds secrets of the tenants. */
const mode = 0o600

/**
 * Writes to a second file, and renames it once everything is on disk.
 *
 * So a file with the given name is whole.
 */
const writeFile = Effect.fnUntraced(function*(name: string, pieces: ReturnType<typeof exportLog>) {
  const fs = yield* FileSystem.FileSystem
  const refuseExisting = Effect.gen(function*() {
    if (yield* fs.exists(name)) return yield* new CommandFailed({ message: `${name} exists already.` })
  })
  yield* refuseExisting
  const part = `${name}.part`
  yield* Effect.scoped(Effect.gen(function*() {
    const open = Effect.catchIf(
      fs.open(part, { flag: "wx", mode }),
      ({ reason }) => reason._tag === "AlreadyExists",
      () => new CommandFailed({ message: `${part} exists: another export writes it, or one was killed. Remove it if it was.` })
    )
    const file = yield* Effect.acquireRelease(open, (_, exit) => Exit.isSuccess(exit) ? Effect.void : Effect.ignore(fs.remove(part)))
    yield* Stream.runForEach(pieces, (piece) => file.writeAll(piece))
    yield* file.sync
    yield* refuseExisting
    yield* fs.rename(part, name)
  }))
})

/** `events export`: writes the whole log to a file. */
export const exportEvents = Command.make(
  "export",
  { file: Argument.String("file").pipe(Argument.withDescription("A file that does not exist yet; - for stdout")) },
  Effect.fnUntraced(
    function*({ file }) {
      const stdio = yield* Stdio.Stdio
      let exported: LogProgress = { done: 0, total: 0 }
      const { milliseconds } = yield* withProgress((onProgress) => {
        const pieces = exportLog((progress) => {
          exported = progress
          onProgress(progress)
        })
        return file === "-" ? Stream.run(pieces, stdio.stdout()) : writeFile(file, pieces)
      })
      const secret = file === "-" ? "It holds" : `${file} is readable for you alone: it holds`
      yield* Console.error(
        `Exported ${rateLine(exported.done, milliseconds)}. ${secret} the tenants' secret key namespaces and the hashes of their API keys.`
      )
    },
    failedIfStopped,
    Effect.provide(checkedLog),
    explained
  )
).pipe(
  Command.withDescription("Write the whole log, with tenants and keys, as NDJSON that `events import` takes, also while events come in"),
  Command.withExamples([
    { command: "events export log.ndjson", description: "A file; the name appears when it is complete" },
    { command: "events export - | zstd > log.ndjson.zst", description: "Compressed" }
  ])
)
