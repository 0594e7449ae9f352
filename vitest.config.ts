import { availableParallelism } from "node:os"
import { fileURLToPath } from "node:url"
import { configDefaults, defineConfig } from "vitest/config"
import type { Reporter } from "vitest/node"
import { testsOfPrograms } from "./test/programs.ts"
import { PartitionsReporter } from "./test/support/partitions/PartitionsReporter.ts"

/** Compiled code of the packages and of the programs that tests start: half of the time a program takes to come up. Deno keeps its own. */
process.env["NODE_COMPILE_CACHE"] ??= fileURLToPath(new URL("node_modules/.cache/compile", import.meta.url))

const all = ["test/**/*.test.ts", "bench/**/*.test.ts"]
/** Which tests there are, where none are named. */
const suites = {
  all: { include: all, exclude: [] },
  quick: { include: all, exclude: testsOfPrograms },
  programs: { include: testsOfPrograms, exclude: [] }
} as const
const suite = process.env["TEST_SUITE"]
const { exclude, include } = suites[suite === "quick" || suite === "programs" ? suite : "all"]

/** A file for the results as JSON, if it is set. */
const report = process.env["TEST_REPORT"]

/** How many partitions the logs of the tests have. */
const partitions = Number(process.env["TEST_PARTITIONS"] ?? 1)

const reporters: Array<Reporter | "default" | ["json", { readonly outputFile: string }]> = ["default"]
if (report !== undefined) reporters.push(["json", { outputFile: report }])
if (partitions > 1) reporters.push(new PartitionsReporter(partitions))

export default defineConfig({
  test: {
    include: [...include],
    exclude: [...configDefaults.exclude, ...exclude],
    globalSetup: ["test/support/globalSetup.ts"],
    setupFiles: ["test/support/partitions/noteEachFile.ts"],
    // Processes: Deno's worker threads lack a call that vitest uses.
    pool: "forks",
    // Half of the tests wait for processes and databases most of the time: two at once even where there are but two processors.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // A worker's files share their modules, which take longer to load than most files to run. No module keeps anything that another file could find.
    isolate: false,
    // Only for what hangs: how long something may take a test says itself.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters
  }
})
