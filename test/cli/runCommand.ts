import { NodeServices } from "@effect/platform-node"
import * as Cause from "effect/Cause"
import { Command } from "effect/cli"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Runtime from "effect/Runtime"
import * as Sink from "effect/Sink"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"
import { TestConsole } from "effect/testing"
import { database } from "../../src/cli/database.ts"
import { demo } from "../../src/cli/demo.ts"
import { doctor } from "../../src/cli/doctor.ts"
import { events } from "../../src/cli/events.ts"
import { explain } from "../../src/cli/explain.ts"
import { keys } from "../../src/cli/keys.ts"
import { migrate } from "../../src/cli/migrate.ts"
import { projections } from "../../src/cli/projections.ts"
import { KnownProjections } from "../../src/cli/projections/KnownProjections.ts"
import { rejected } from "../../src/cli/rejected.ts"
import { tenants } from "../../src/cli/tenants.ts"
import { users } from "../../src/cli/users.ts"
import { CatalogSources } from "../../src/projections/versions/CatalogSources.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"

/**
 * What a command wrote and how it ended; `reported` says whether the runtime would print the error
 * once more, with its stack.
 */
export interface CommandResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  readonly reported: boolean
}

/** The settings of a command on the test's log, in as many databases as it has. */
export const testSettings = Effect.map(TestDatabase, ({ settings, url }) => ({ DATABASE_URL: Redacted.value(url), ...settings }))

const program = Command.runWith(
  Command.make("playtally").pipe(
    Command.withSubcommands([migrate, doctor, database, tenants, keys, users, rejected, events, explain, projections, demo])
  ),
  { version: "test" }
)

/**
 * Runs a command as the program does, with its own layers and nothing of the caller's but the
 * projections it knows and their sources, on these settings. `onStdout` sees each piece of its
 * output at once, `stdin` is what it reads; interrupting it is Ctrl-C.
 */
export const runCommand = (
  args: ReadonlyArray<string>,
  settings: Readonly<Record<string, string>>,
  onStdout: (text: string) => void = () => {},
  stdin: Stream.Stream<Uint8Array> = Stream.empty
): Effect.Effect<CommandResult> =>
  Effect.flatMap(Effect.all([KnownProjections, CatalogSources]), ([known, sources]) =>
    Effect.promise((signal) => {
      const out: Array<string> = []
      const stdio = Stdio.layerTest({
        stdin,
        stdoutIsTerminal: Effect.succeed(false),
        stdout: () =>
          Sink.forEach((chunk) =>
            Effect.sync(() => {
              const text = typeof chunk === "string" ? chunk : new TextDecoder().decode(chunk)
              out.push(text)
              onStdout(text)
            })
          )
      })
      return Effect.gen(function*() {
        const exit = yield* Effect.exit(Effect.provide(program(args), stdio))
        const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
        return {
          code: Exit.isSuccess(exit) ? 0 : Runtime.getErrorExitCode(error),
          reported: Exit.isFailure(exit) && Runtime.getErrorReported(error),
          stdout: out.join(""),
          stderr: (yield* TestConsole.errorLines).join("\n")
        }
      }).pipe(
        Effect.provideService(KnownProjections, known),
        Effect.provideService(CatalogSources, sources),
        Effect.provide(Layer.mergeAll(NodeServices.layer, TestConsole.layer, ConfigProvider.layer(ConfigProvider.fromUnknown(settings)))),
        (effect) => Effect.runPromise(effect, { signal })
      )
    }))
