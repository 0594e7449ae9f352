/*
 * Foretells how a log grows to ten thousand million events and more, by the number of partitions:
 * `npm run bench -- forecast`. It fills a log to four sizes, takes its constants at the first two,
 * and holds the model against the log at the others. If the model is too far off, it fails. The
 * constants are kept in `bench-results/forecast.json`; `--kept` calculates from these in a moment.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Command, Flag } from "effect/cli"
import * as Effect from "effect/Effect"
import { mkdir, readFile, writeFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { CommandFailed, explained } from "../src/cli/CommandFailed.ts"
import { BenchServer } from "./BenchServer.ts"
import { describeMachine, machineLines } from "./describeMachine.ts"
import { type Assumptions, assumptions, type Constants, machineSize } from "./growth/forecast.ts"
import { bytesText, comparisonTable, countText, growthTable, rateTable, sizeTable } from "./growth/forecastTables.ts"
import { type Comparison, holds, measureLog, sizes } from "./growth/measureLog.ts"
import { measureRates } from "./growth/measureRates.ts"
import { Progress } from "./Progress.ts"

const folder = fileURLToPath(new URL("../bench-results", import.meta.url))
const file = `${folder}/forecast.json`

/** What is kept of a measurement. */
interface Kept {
  readonly machine: ReadonlyArray<string>
  readonly constants: Constants
  readonly comparisons: ReadonlyArray<Comparison>
}

const measure = Effect.gen(function*() {
  const described = describeMachine()
  const server = yield* BenchServer
  const progress = new Progress()
  progress.begin(1, 1, "forecast")
  const bench = { server, say: (what: string) => Effect.sync(() => progress.say(what)) }
  const log = yield* measureLog(bench)
  const rates = yield* measureRates(bench, log)
  progress.end()
  const kept: Kept = {
    machine: machineLines({ ...described, postgres: server.version }),
    constants: { log: log.constants, rates },
    comparisons: log.comparisons
  }
  yield* Effect.promise(async () => {
    await mkdir(folder, { recursive: true })
    await writeFile(file, `${JSON.stringify(kept, null, 2)}\n`)
  })
  return kept
})

const readKept: Effect.Effect<Kept, CommandFailed> = Effect.tryPromise({
  try: async () => JSON.parse(await readFile(file, "utf8")) as Kept,
  catch: () => new CommandFailed({ message: "Nothing is kept in bench-results/forecast.json: measure it first, without --kept." })
})

const constantLines = ({ log, rates }: Constants): ReadonlyArray<string> => [
  `An event: ${log.rowBytes.toFixed(0)} bytes of table; ${rates.exportBytes.toFixed(0)} in a file; ${
    rates.projectionBytes.toFixed(0)
  } of projections at ${Math.max(...sizes.checked) / sizes.users} events a user`,
  `PostgreSQL's log: ${rates.recordBytes.toFixed(0)} bytes an event without whole pages; ${
    rates.transactions.toFixed(1)
  } transactions a request of 1,000`,
  ...([["until it is counted", rates.micros], ["until the leaderboards show it", rates.microsWithBoards]] as const).map(([until, micros]) =>
    `Processor time of an event ${until}: service ${micros.service.toFixed(1)} µs, PostgreSQL ${micros.postgres.toFixed(1)} µs`
  ),
  `Events a second: ${countText(rates.acknowledged)} acknowledged, ${countText(rates.caughtUp)} caught up, ${
    countText(rates.rebuild)
  } rebuilt (counters), ${countText(rates.export)} exported; a freeze ${bytesText(rates.freezeBytes)} a second from memory`
]

const report = ({ comparisons, constants, machine }: Kept, assumed: Assumptions): ReadonlyArray<string> => [
  ...machine,
  "",
  ...constantLines(constants),
  "",
  ...comparisonTable(comparisons),
  "",
  `Assumed: ${assumed.perUser} events a user; on a day ${
    assumed.active * 100
  } % of the users play, ${assumed.aDay} events each; requests of ${
    countText(assumed.items)
  }; a checkpoint every ${assumed.checkpointMinutes} minutes; each partition on a server like this`,
  ...[1e8, 1e9, 1e10, 1e11].flatMap((events) => ["", ...growthTable(constants, events, [1, 2, 4, 8, 16, 64], assumed)]),
  "",
  `Machines of ${machineSize.threads} threads, ${machineSize.used * 100} % of them busy, ${bytesText(machineSize.memoryBytes)} of memory, ${
    machineSize.forIndexes * 100
  } % of it for hot leaves, ${machineSize.diskBytes / 1e12} TB of disk, three fourths of it filled`,
  "",
  ...rateTable(constants, [1e4, 1e5, 1e6], machineSize),
  "",
  ...sizeTable(constants, [1e9, 1e10, 1e11], machineSize)
]

const command = Command.make(
  "forecast",
  {
    kept: Flag.Boolean("kept").pipe(Flag.withDescription("Calculate from the constants measured last"), Flag.withDefault(false)),
    perUser: Flag.Int("per-user").pipe(Flag.withDescription("Events of a user in the log"), Flag.withDefault(assumptions.perUser)),
    active: Flag.Finite("active").pipe(
      Flag.withDescription("The part of the users that play on a day, 0 to 1"),
      Flag.withDefault(assumptions.active)
    ),
    aDay: Flag.Int("a-day").pipe(Flag.withDescription("Events of each of these on a day"), Flag.withDefault(assumptions.aDay)),
    items: Flag.Int("items").pipe(Flag.withDescription("Items of a request"), Flag.withDefault(assumptions.items)),
    checkpointMinutes: Flag.Int("checkpoint-minutes").pipe(
      Flag.withDescription("From one checkpoint to the next"),
      Flag.withDefault(assumptions.checkpointMinutes)
    )
  },
  Effect.fnUntraced(function*({ kept, ...assumed }) {
    if (
      !(assumed.active > 0 && assumed.active <= 1 && Math.min(assumed.perUser, assumed.aDay, assumed.items, assumed.checkpointMinutes) > 0)
    ) {
      return yield* new CommandFailed({ message: "--active is above 0 and at most 1, the others are above 0." })
    }
    const found = kept ? yield* readKept : yield* Effect.provide(Effect.scoped(measure), BenchServer.layer).pipe(
      Effect.catchTag(
        "NotMeasured",
        ({ message }) => Effect.fail(new CommandFailed({ message: `This cannot be measured here: ${message}.` }))
      )
    )
    process.stdout.write(`${report(found, assumed).join("\n")}\n`)
    const off = found.comparisons.filter((comparison) => !holds(comparison))
    if (off.length > 0) return yield* new CommandFailed({ message: `The model is too far off: ${off.map(({ what }) => what).join("; ")}.` })
  }, explained)
).pipe(Command.withDescription("Foretell sizes, times and machines of a growing log from what is measured here"))

// npm repeats a Ctrl-C, which must not end this before it has put everything away.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => {})

command.pipe(Command.run({ version: "" }), Effect.provide(NodeServices.layer), NodeRuntime.runMain)
