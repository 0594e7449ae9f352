import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { TestDatabase } from "../database/TestDatabase.ts"
import { until } from "../time/until.ts"
import { type Program, startProgram } from "./program.ts"

/** The key of the tenant `demo` with all scopes. */
export const apiKey = "key-of-the-tests-for-all-scopes-0"

/** A process of the whole service. */
export interface ServiceProcess extends Program {
  /** Where it listens, without a path. */
  readonly url: string
}

/**
 * Starts `serve` on the test's database, on a port of its own, and waits until it says where it
 * listens. Start it twice for two processes on one database, give a folder for another working
 * copy. A process that does not come up is a defect, with what it said.
 */
export const startService = Effect.fnUntraced(function*(settings: Readonly<Record<string, string>> = {}, folder?: string) {
  const database = yield* TestDatabase
  const program = yield* startProgram(["serve"], {
    DATABASE_URL: Redacted.value(database.url),
    BOOTSTRAP_API_KEY: apiKey,
    PORT: "0",
    // No balancer is told beforehand.
    DRAIN_SECONDS: "0",
    // The lives of the tests' users are drawn from all the years there are.
    MAX_FUTURE_HOURS: "0",
    ...database.settings,
    ...settings
  }, folder)
  const listening = () => /^playtally listens on (http:\S+)$/m.exec(program.stdout())?.[1]
  yield* Effect.raceFirst(
    until(() => listening() !== undefined),
    Effect.flatMap(
      program.ended,
      ({ code, signal }) => Effect.die(new Error(`serve ended with ${code ?? signal}: ${program.stdout()}${program.stderr()}`))
    )
  )
  const service: ServiceProcess = { ...program, url: listening() ?? "" }
  return service
})
