import { Argument, Command } from "effect/cli"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Stdio from "effect/Stdio"
import { ProjectionCatalog } from "../projections/versions/ProjectionCatalog.ts"
import { importLog } from "../transfer/importLog.ts"
import { checkedLog } from "./checkedDatabase.ts"
import { explained } from "./CommandFailed.ts"
import { rateLine, withProgress } from "./progress.ts"
import { KnownProjections } from "./projections/KnownProjections.ts"
import { failedIfStopped } from "./stopOnSignal.ts"

const chunkSize = 64 * 1024

/**
 * Registers the projections while the log is empty.
 *
 * A service then feeds them with the whole log, and no operator has to rebuild them.
 */
const registerProjections = Effect.gen(function*() {
  yield* Layer.build(ProjectionCatalog.layer(yield* KnownProjections))
}).pipe(Effect.scoped)

/** `events import`: reads a log file into a database without events. */
export const importEvents = Command.make(
  "import",
  { file: Argument.String("file").pipe(Argument.withDescription("What `events export` wrote; - for stdin")) },
  Effect.fnUntraced(
    function*({ file }) {
      const stdio = yield* Stdio.Stdio
      const fs = yield* FileSystem.FileSystem
      const bytes = file === "-" ? stdio.stdin : fs.stream(file, { chunkSize })
      const { milliseconds, value } = yield* withProgress((onProgress) => importLog(bytes, { onProgress, prepare: registerProjections }))
      const { apiKeys, before, events, tenants } = value
      yield* Console.error(
        `Imported ${rateLine(events - before, milliseconds)}${
          before === 0 ? "" : `, after ${before} that were here from an import that was cut off`
        }; ` +
          `tenants: ${tenants}, API keys: ${apiKeys}. The counters are made from them once the service runs.`
      )
    },
    failedIfStopped,
    Effect.provide(checkedLog),
    explained
  )
).pipe(
  Command.withDescription(
    "Bring an exported log into a database that was migrated and nothing else; if it is cut off, do it again to go on"
  ),
  Command.withExamples([
    { command: "events import log.ndjson", description: "A file" },
    { command: "events import - < log.ndjson", description: "From stdin" }
  ])
)
