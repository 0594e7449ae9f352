import { relative } from "node:path"
import type { Reporter, TestModule } from "vitest/node"
import type { PartitionNotes } from "./partitionNotes.ts"

/**
 * Says after a run with TEST_PARTITIONS which test files had logs of that many partitions, which of
 * one and why, and which of a number of their own.
 *
 * The run fails if a file had a log of one partition and does not say why.
 */
export class PartitionsReporter implements Reporter {
  private readonly partitions: number
  private root = ""

  constructor(partitions: number) {
    this.partitions = partitions
  }

  onInit(vitest: { readonly config: { readonly root: string } }): void {
    this.root = vitest.config.root
  }

  onTestRunEnd(modules: ReadonlyArray<TestModule>): void {
    const files = modules.map((module) => ({
      file: relative(this.root, module.moduleId),
      hasRun: [...module.children.allTests()].some((test) => test.result().state !== "skipped"),
      notes: module.meta().partitionNotes
    })).toSorted((a, b) => a.file < b.file ? -1 : 1)
    const having = (has: (notes: PartitionNotes) => boolean) =>
      files.flatMap(({ file, notes }) => notes !== undefined && has(notes) ? [{ file, notes }] : [])
    const spread = having((notes) => notes.spread > 0)
    const ofOne = having((notes) => notes.ofOne.length > 0)
    const chosen = having((notes) => notes.chosen.length > 0)
    const untold = having((notes) => notes.untold > 0)
    const skipped = files.filter(({ hasRun }) => !hasRun)
    const without = files.filter(({ file }) =>
      ![...spread, ...ofOne, ...chosen, ...untold, ...skipped].some((other) => other.file === file)
    )
    const list = (title: string, lines: ReadonlyArray<string>) => ["", `${title}: ${lines.length}`, ...lines.map((line) => `  ${line}`)]
    const lines = [
      ...list(`Test files with logs of ${this.partitions} partitions`, spread.map(({ file }) => file)),
      ...list("With logs of one partition", ofOne.map(({ file, notes }) => `${file}: ${notes.ofOne.join("; ")}`)),
      ...list("With logs of a number of their own", chosen.map(({ file, notes }) => `${file}: ${notes.chosen.join(", ")}`)),
      ...list("With no test that runs here", skipped.map(({ file }) => file)),
      ...list("Without a log", without.map(({ file }) => file)),
      ...untold.length === 0
        ? []
        : list("Wrong: with a log of one partition, and no word why", untold.map(({ file, notes }) => `${file}: ${notes.untold}`))
    ]
    process.stdout.write(`${lines.join("\n")}\n`)
    if (untold.length > 0) process.exitCode = 1
  }
}
