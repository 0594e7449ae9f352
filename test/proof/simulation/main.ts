import { availableParallelism } from "node:os"
import { parseArgs } from "node:util"
import { Worker } from "node:worker_threads"
import { startServer } from "../../support/globalSetup.ts"
import { breakages } from "./breakages.ts"
import type { Failure } from "./runSeeds.ts"
import type { Ran, Work } from "./worker.ts"

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "3000" },
    seed: { type: "string" },
    partitions: { type: "string" },
    split: { type: "boolean", default: false },
    break: { type: "string" }
  }
})
const seeds = Number(values.seeds)
/** Without one, every search looks at other runs. */
const first = values.seed === undefined ? Date.now() % 1_000_000_000 : Number(values.seed)

const partitions = ([1, 3] as const).find((count) => String(count) === values.partitions)

const broken = breakages.filter(({ name }) => values.break === "all" || values.break === name)
const isUnderstood = seeds > 0 && Number.isSafeInteger(seeds + first) && (values.partitions === undefined || partitions !== undefined)
if (!isUnderstood || (values.break !== undefined && broken.length === 0)) {
  process.stderr.write(
    "Usage: npm run test:simulation -- [--seeds COUNT] [--seed FIRST] [--partitions 1|3] [--split] [--break all|NAME], a name of test/proof/simulation/breakages.ts\n"
  )
  process.exit(1)
}

const say = (line: string) => process.stdout.write(`${line}\n`)

/** Runs the seeds in as many threads as there are processors, until one fails. */
const search = async (serverUrl: string, breakage: string | undefined, split: boolean) => {
  const threads = Math.min(seeds, availableParallelism())
  const began = performance.now()
  let runs = 0
  const failures: Array<Failure> = []
  const workers = Array.from({ length: threads }, (_, index) => {
    const workerData: Work = {
      serverUrl,
      first: first + index,
      step: threads,
      end: first + seeds,
      breakage,
      partitions,
      split
    }
    return new Worker(new URL("./worker.ts", import.meta.url), { workerData })
  })
  await Promise.all(workers.map((worker) =>
    new Promise<void>((done, failed) => {
      worker.on("message", ({ failure }: Ran) => {
        runs++
        if (failure === undefined) return
        failures.push(failure)
        // That rule is for windows.
        // oxlint-disable-next-line unicorn/require-post-message-target-origin
        for (const other of workers) other.postMessage("stop")
      })
      worker.on("error", failed)
      worker.on("exit", () => done())
    })
  ))
  const seconds = (performance.now() - began) / 1000
  const [failure] = failures.toSorted((a, b) => a.seed - b.seed)
  return { runs, seconds, failure }
}

const { stop, url } = await startServer()
try {
  if (values.break === undefined) {
    const { failure, runs, seconds } = await search(url, undefined, values.split)
    say(`${runs} runs from seed ${first} on in ${seconds.toFixed(1)} s: ${(runs / seconds).toFixed(0)} a second`)
    if (failure !== undefined) {
      say(failure.report)
      process.exitCode = 1
    }
  } else {
    for (const { isOfSplits = values.split, name } of broken) {
      const { failure, runs } = await search(url, name, isOfSplits)
      if (failure === undefined) process.exitCode = 1
      say(failure === undefined ? `NOT FOUND in ${runs} runs: ${name}` : `found after ${runs} runs, seed ${failure.seed}: ${name}`)
      if (failure !== undefined) {
        say(
          values.break === "all"
            ? `  ${failure.problem.split("\n")[0]?.slice(0, 200)}`
            : failure.report.replace(/(?<=^Again: .*)$/m, ` --break "${name}"`)
        )
      }
    }
  }
} finally {
  await stop()
}
