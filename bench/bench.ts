/*
 * Measures the service as a whole: `npm run bench`, or `npm run bench -- ROW...` for some rows;
 * `--help` tells of the rest. What is found goes to the screen as a table and to `bench-results/`
 * as JSON and as a picture, with a description of the machine.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Cause from "effect/Cause"
import { Argument, Command, Flag } from "effect/cli"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { CommandFailed, explained } from "../src/cli/CommandFailed.ts"
import { BenchServer } from "./BenchServer.ts"
import { describeMachine, type Machine, machineLines } from "./describeMachine.ts"
import type { Findings, Outcome } from "./Measurement.ts"
import { type Profile, profiles } from "./Profile.ts"
import { Progress } from "./Progress.ts"
import { resultPicture } from "./resultPicture.ts"
import { resultTable } from "./resultTable.ts"
import { type Rig, startRig } from "./Rig.ts"
import { type Bench, NotMeasured, type Row } from "./Row.ts"
import { rows } from "./rows.ts"
import type { Runtime } from "./ServiceUnderTest.ts"

const resultsFolder = fileURLToPath(new URL("../bench-results", import.meta.url))

const print = (lines: ReadonlyArray<string>) => Effect.sync(() => process.stdout.write(`${lines.join("\n")}\n`))

/**
 * Measures one row; whatever goes wrong in it ends the row and nothing else, except that somebody
 * stops the benchmark.
 */
const measure = (row: Row, bench: Bench): Effect.Effect<Outcome> =>
  Effect.gen(function*() {
    const started = performance.now()
    const minutes = bench.profile.minutesPerRow
    const exit = yield* Effect.exit(
      Effect.scoped(row.measure(bench)).pipe(
        Effect.timeoutOrElse({
          duration: `${minutes} minutes`,
          orElse: () => Effect.die(new Error(`it did not come to an end in ${minutes} minutes`))
        })
      )
    )
    const about = { name: row.name, title: row.title, seconds: Math.round((performance.now() - started) / 1000) }
    if (Exit.isSuccess(exit)) return { ...about, status: "measured", ...exit.value satisfies Findings } as const
    if (Cause.hasInterruptsOnly(exit.cause)) return yield* Effect.interrupt
    const cause = Cause.squash(exit.cause)
    const status = cause instanceof NotMeasured ? "not measured" : "failed"
    return { ...about, status, why: cause instanceof Error ? cause.message : String(cause), measurements: [] } as const
  })

const run = Effect.fnUntraced(function*(chosen: ReadonlyArray<Row>, profile: Profile, runtime: Runtime) {
  const described = describeMachine()
  const progress = new Progress()
  const server = yield* BenchServer
  const machine: Machine = { ...described, postgres: server.version }
  const say = (what: string) => Effect.sync(() => progress.say(what))

  let shared: { readonly scope: Scope.Closeable; readonly rig: Rig } | undefined
  const rig = Effect.gen(function*() {
    if (shared !== undefined) return shared.rig
    yield* say("starting the service and warming it up")
    const scope = yield* Scope.make()
    const rig = yield* Scope.provide(startRig(server, profile, runtime), scope).pipe(
      Effect.onError(() => Scope.close(scope, Exit.void))
    )
    shared = { scope, rig }
    return rig
  })
  const closeRig = Effect.suspend(() => {
    const scope = shared?.scope
    shared = undefined
    return scope === undefined ? Effect.void : Scope.close(scope, Exit.void)
  })

  const outcomes: Array<Outcome> = []
  yield* Effect.gen(function*() {
    for (const [index, row] of chosen.entries()) {
      progress.begin(index + 1, chosen.length, row.name)
      if (row.withoutService === true) yield* closeRig
      const outcome = yield* measure(row, { profile, runtime, server, rig, say })
      // What is broken is not measured again.
      if (outcome.status === "failed") yield* closeRig
      progress.end()
      outcomes.push(outcome)
      yield* print(resultTable([outcome]))
    }
  }).pipe(
    Effect.ensuring(closeRig),
    // What was found before somebody stopped it is told too.
    Effect.ensuring(Effect.suspend(() => outcomes.length === 0 ? Effect.void : keep(outcomes, profile, runtime, machine)))
  )
  return outcomes.every(({ status }) => status !== "failed")
})

const keep = (outcomes: ReadonlyArray<Outcome>, profile: Profile, runtime: Runtime, machine: Machine) =>
  Effect.gen(function*() {
    const description = [...machineLines(machine), `${profile.name} profile, ${profile.rounds} rounds, the service on ${runtime}`]
    const name = `${machine.at.slice(0, 19).replaceAll(":", "-")}-${profile.name}`
    yield* Effect.promise(async () => {
      await mkdir(resultsFolder, { recursive: true })
      await writeFile(join(resultsFolder, `${name}.json`), `${JSON.stringify({ machine, profile, runtime, outcomes }, null, 2)}\n`)
      await writeFile(join(resultsFolder, `${name}.svg`), resultPicture(outcomes, description))
    })
    yield* print(["", ...description, `Kept in bench-results/${name}.json and .svg`])
  })

const bench = Command.make(
  "bench",
  {
    names: Argument.String("ROW").pipe(
      Argument.withDescription(`Which rows to measure; all unless named: ${rows.map(({ name }) => name).join(", ")}`),
      Argument.variadic()
    ),
    quick: Flag.Boolean("quick").pipe(Flag.withDescription("In a minute or two, to see that it works"), Flag.withDefault(false)),
    long: Flag.Boolean("long").pipe(
      Flag.withDescription("For hours: more rounds, and growth to 20 million events"),
      Flag.withDefault(false)
    ),
    deno: Flag.Boolean("deno").pipe(Flag.withDescription("Run the service on Deno instead of Node in every row"), Flag.withDefault(false))
  },
  Effect.fnUntraced(function*({ deno, long, names, quick }) {
    const unknown = names.filter((name) => !rows.some((row) => row.name === name))
    if (unknown.length > 0 || (quick && long)) {
      return yield* new CommandFailed({
        message: unknown.length > 0
          ? `There is no row ${unknown.join(", ")}; there are ${rows.map(({ name }) => name).join(", ")}.`
          : "--quick and --long do not go together."
      })
    }
    const chosen = names.length === 0 ? rows : rows.filter(({ name }) => names.includes(name))
    const profile = profiles[quick ? "quick" : long ? "long" : "default"]
    const allMeasured = yield* Effect.provide(run(chosen, profile, deno ? "deno" : "node"), BenchServer.layer)
    if (!allMeasured) return yield* new CommandFailed({ message: "A row has failed." })
  }, explained)
).pipe(Command.withDescription("Measure the service: each row in several rounds, with ratios taken within a round"))

// npm repeats a Ctrl-C, which must not end this before it has put everything away.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => {})

bench.pipe(Command.run({ version: "" }), Effect.provide(NodeServices.layer), NodeRuntime.runMain)
