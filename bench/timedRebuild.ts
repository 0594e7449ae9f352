import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { catalog } from "../src/projections/catalog/catalog.ts"
import { ranWell } from "./filledDatabase.ts"
import { denoProgram, type Runtime } from "./ServiceUnderTest.ts"

const Rebuilt = Schema.fromJsonString(Schema.Struct({ projections: Schema.Number, events: Schema.Number, milliseconds: Schema.Number }))

/** The projections that make the counters: all but those that rank users. */
export const counters: ReadonlyArray<string> = catalog.filter(({ ranking }) => ranking === undefined).map(({ name }) => name)

/**
 * Rebuilds projections from one reading in a process of their own, `anew` from nothing or from
 * where they are: the events of the log a second, and the milliseconds it took.
 */
export const timedRebuild = (
  runtime: Runtime,
  databaseUrl: string,
  names: ReadonlyArray<string>,
  how: "anew" | "continue" = "anew"
): Effect.Effect<{ readonly rate: number; readonly milliseconds: number }, never, Scope.Scope> =>
  Effect.gen(function*() {
    const args = ["bench/rebuildProcess.ts", ...how === "anew" ? [] : ["--continue"], ...names]
    const settings = { DATABASE_URL: databaseUrl }
    const output = runtime === "node"
      ? yield* ranWell(args, settings)
      : yield* ranWell(["run", "-A", ...args], settings, denoProgram())
    const line = output.split("\n").find((line) => line.startsWith("{\"projections\""))
    const { events, milliseconds, projections } = yield* Effect.orDie(Schema.decodeUnknownEffect(Rebuilt)(line))
    if (projections !== names.length) return yield* Effect.die(new Error(`one of ${names.join(", ")} is no projection`))
    return { rate: events / milliseconds * 1000, milliseconds }
  })
