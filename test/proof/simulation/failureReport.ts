import { writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Schedule } from "./Schedule.ts"
import type { SimulateOptions } from "./simulate.ts"

/** Lines of the trace in the report; the whole of it goes to a file. */
const lastLines = 60

/**
 * What somebody needs who looks for the reason: what is wrong, the command that runs it again, and
 * what happened.
 */
export const failureReport = (
  { hash, seed, trace }: Schedule,
  problems: ReadonlyArray<string>,
  { partitions, split }: SimulateOptions
): string => {
  const file = join(tmpdir(), `playtally-simulation-${seed}.txt`)
  writeFileSync(file, [...trace, "", ...problems, ""].join("\n"))
  return [
    `seed ${seed} (trace ${hash}): ${problems.length} problems`,
    ...problems.map((problem) => `  ${problem}`),
    `Again: npm run test:simulation -- --seed ${seed} --seeds 1${partitions === undefined ? "" : ` --partitions ${partitions}`}${
      split === true ? " --split" : ""
    }`,
    `The whole trace: ${file}; its last lines:`,
    ...trace.slice(-lastLines).map((line) => `  ${line}`)
  ].join("\n")
}
