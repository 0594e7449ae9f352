import { Argument, Command, Flag } from "effect/cli"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { formatBytes } from "../database/doctor/formatBytes.ts"
import type { MoveProgress } from "../partitions/moves/MoveProgress.ts"
import type { MoveReport } from "../partitions/PartitionMoves.ts"
import { PartitionMoves } from "../partitions/PartitionMoves.ts"
import { PartitionServers } from "../partitions/PartitionServers.ts"
import { Slice } from "../values/Slice.ts"
import { checkedDatabase } from "./checkedDatabase.ts"
import { explained } from "./CommandFailed.ts"
import { formatTable } from "./formatTable.ts"
import { print } from "./print.ts"
import { failedIfStopped } from "./stopOnSignal.ts"

const movesLayer = PartitionMoves.layer.pipe(Layer.provide(PartitionServers.layer), Layer.provide(checkedDatabase))

const id = Argument.Int("id").pipe(Argument.withDescription("Number of the partition, as `partitions list` shows it"))
const to = Flag.String("to").pipe(Flag.withDescription("Name of the server, as DATABASE_SERVERS has it, or home"))

const count = (number: number) => number.toLocaleString("en-US")

const list = Command.make(
  "list",
  {},
  Effect.fnUntraced(
    function*() {
      const partitions = yield* (yield* PartitionMoves).list
      yield* print(...formatTable(
        ["ID", "SLICES", "SERVER", "EPOCH", "STATE", "EVENTS", "SIZE", "ANSWERS"],
        partitions.map(({ entry, move, size }) => [
          String(entry.partition),
          `${entry.first}-${entry.last}`,
          entry.server,
          String(entry.epoch),
          move === undefined ? entry.state : `${entry.state} (${move.step}, to ${move.target})`,
          size === undefined ? "-" : count(size.events),
          size === undefined ? "-" : formatBytes(size.bytes),
          size === undefined ? "no" : "yes"
        ])
      ))
    },
    Effect.provide(movesLayer),
    explained
  )
).pipe(Command.withDescription("List the partitions of the log, and whether their databases answer"))

/** One line for each step, and for each that changes while tables are copied. */
const lineOf = ({ behind, events, removed, step, tables }: MoveProgress): string =>
  [
    step,
    ...tables === undefined ? [] : [`${tables[0]} of ${tables[1]} tables copied`],
    ...events === undefined ? [] : [`${count(events[0])} of ${count(events[1])} events`],
    ...behind === undefined ? [] : [`a change takes ${Math.round(behind)} ms`],
    ...removed === undefined ? [] : [`${count(removed)} rows and events of the other half removed`]
  ].join(", ")

/** Writes what has changed since the last line, at most once a second while a step goes on. */
const teller = () => {
  let last = ""
  let step = ""
  let at = 0
  return (progress: MoveProgress) => {
    const line = lineOf(progress)
    const now = performance.now()
    if (line === last || (progress.step === step && now - at < 1000)) return
    ;[last, step, at] = [line, progress.step, now]
    Effect.runSync(Console.error(line))
  }
}

/** How long the fence took. A command that went on after it does not know. */
const fenceOf = ({ fenced, fencesTakenBack }: MoveReport): string =>
  `served nowhere for ${Math.round(fenced)} ms${fencesTakenBack === 0 ? "" : `, after ${fencesTakenBack} fences that were taken back`}`

const move = Command.make(
  "move",
  { id, to },
  Effect.fnUntraced(
    function*({ id, to }) {
      const report = yield* (yield* PartitionMoves).move({ partition: id, target: to, isSplit: false }, teller())
      yield* print(`Partition ${id} is on "${to}" now. Its slices were ${fenceOf(report)}.`)
    },
    Effect.provide(movesLayer),
    failedIfStopped,
    explained
  )
).pipe(
  Command.withDescription("Move a partition to another server while the service runs; run again, it goes on where it was"),
  Command.withExamples([{
    command: "partitions move 2 --to c",
    description: "The database of server c is empty, or was a partition of this log"
  }])
)

const split = Command.make(
  "split",
  {
    id,
    to: Flag.optional(to),
    at: Flag.Int("at").pipe(
      Flag.withSchema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 }))),
      Flag.withDescription("First slice of the new partition; without it, it has half of the slices"),
      Flag.optional
    )
  },
  Effect.fnUntraced(
    function*({ at, id, to }) {
      const report = yield* (yield* PartitionMoves).move(
        {
          partition: id,
          target: Option.getOrUndefined(to),
          at: Option.getOrUndefined(Option.map(at, (slice) => Slice(slice))),
          isSplit: true
        },
        teller()
      )
      const { becomes, first, last, target } = report.move
      yield* print(
        `Partition ${becomes} has the slices ${first} to ${last} of partition ${id} now, on "${target}". They were ${fenceOf(report)}.`
      )
    },
    Effect.provide(movesLayer),
    failedIfStopped,
    explained
  )
).pipe(
  Command.withDescription("Split a partition in two while the service runs; run again, it goes on where it was"),
  Command.withExamples([{
    command: "partitions split 0 --to c",
    description: "The upper half of the slices goes to server c, whose database is empty"
  }])
)

const cancel = Command.make(
  "cancel",
  { id },
  Effect.fnUntraced(
    function*({ id }) {
      const isClean = yield* (yield* PartitionMoves).cancel(id)
      yield* print(`Partition ${id} stays where it is.`)
      if (!isClean) {
        yield* Console.error(
          "The target does not answer: what it has of the copy is still there. Drop that database, or move something there later."
        )
      }
    },
    Effect.provide(movesLayer),
    explained
  )
).pipe(Command.withDescription("Go back from a move that has not ended: the partition is served where it was"))

/** `partitions list | move | split | cancel`. */
export const partitions = Command.make("partitions").pipe(
  Command.withDescription("The databases that the log lies in, and moving slices between them"),
  Command.withSubcommands([list, move, split, cancel])
)
