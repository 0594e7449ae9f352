import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { printable } from "./cli/printable.ts"
import { takeProjectionsFlag } from "./cli/projectionsFlag.ts"
import { stopOnSignal } from "./cli/stopOnSignal.ts"
import { allowEmptyFolder } from "./projections/own/emptyFolder.ts"
import { ProjectionsUnusable } from "./projections/own/ProjectionsUnusable.ts"

const [command, step] = takeProjectionsFlag(process.argv.slice(2))
if (command === "projections" && step === "new") allowEmptyFolder()

// The commands know all projections as soon as they are loaded: those of your own too.
const { commandLine } = await import("./cli/commandLine.ts").catch((cause: unknown): never => {
  if (!(cause instanceof ProjectionsUnusable)) throw cause
  process.stderr.write(`playtally: ${printable(cause.message)}\n`)
  process.exit(1)
})

NodeRuntime.runMain(commandLine, { teardown: stopOnSignal })
