import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { catalog } from "../../src/projections/catalog.ts"
import { ranWell } from "./filledDatabase.ts"
import { denoProgram, type Runtime } from "./ServiceUnderTest.ts"

const Rebuilt = Schema.fromJsonString(Schema.Struct({ name: Schema.String, events: Schema.Number, milliseconds: Schema.Number }))

/** A projection rebuilt: how many events the log has, and how long it took. */
export type Rebuilt = typeof Rebuilt.Type

/** The projections that make the counters: all but those that rank users. */
export const counters: ReadonlyArray<string> = catalog.filter(({ ranking }) => ranking === undefined).map(({ name }) => name)

/** Rebuilds projections one after the other in a process of their own, `anew` from nothing or from where they are. */
export const timedRebuild = (
  runtime: Runtime,
  databaseUrl: string,
  names: ReadonlyArray<string>,
  how: "anew" | "continue" = "anew"
): Effect.Effect<ReadonlyArray<Rebuilt>, never, Scope.Scope> =>
  Effect.gen(function*() {
    const args = ["test/bench/rebuildProcess.ts", ...how === "anew" ? [] : ["--continue"], ...names]
    const settings = { DATABASE_URL: databaseUrl }
    const output = runtime === "node"
      ? yield* ranWell(args, settings)
      : yield* ranWell(["run", "-A", ...args], settings, denoProgram())
    return yield* Effect.forEach(
      output.split("\n").filter((line) => line.startsWith("{\"name\"")),
      (line) => Effect.orDie(Schema.decodeEffect(Rebuilt)(line))
    )
  })
