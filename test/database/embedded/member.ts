import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { EmbeddedPostgres } from "../../../src/database/embedded/EmbeddedPostgres.ts"

// A process that uses the embedded server of the directory it is given, and says its URL, until
// SIGTERM.
const [dataDir = ""] = process.argv.slice(2)
EmbeddedPostgres.acquire(dataDir).pipe(
  Effect.flatMap(({ url }) => Console.log(Redacted.value(url))),
  Effect.andThen(Effect.never),
  Effect.scoped,
  NodeRuntime.runMain
)
