import { it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

const environment = process.env

/** Whether the long scenarios are run too: `npm run test:faults`. */
const areAllRun = environment["FAULTS"] === "all"

/** Where the faults come from. Without `FAULTS_SEED`, every long run tries something else. */
const seed = Number(environment["FAULTS_SEED"] ?? (areAllRun ? Date.now() % 1_000_000 : 1))

const say = (line: string) => process.stdout.write(`${line}\n`)

/** What a scenario tells about itself, for the line that is printed of it. */
export interface Told {
  readonly seed: number
  /** Adds something to the line. */
  readonly tell: (fact: string) => void
}

/** "3 of them, the longest 1.2 s, half of them within 0.8 s". */
export const shownTimes = (milliseconds: ReadonlyArray<number>): string => {
  const sorted = milliseconds.toSorted((a, b) => a - b)
  const seconds = (time: number | undefined) => `${((time ?? 0) / 1000).toFixed(1)} s`
  return sorted.length === 1
    ? seconds(sorted[0])
    : `${seconds(sorted[sorted.length >> 1])} (median of ${sorted.length}; longest ${seconds(sorted.at(-1))})`
}

/**
 * A long scenario, a test by itself that is skipped unless all are run. Prints one line however it
 * ends, with what repeats it. It fails after `seconds`, and what it has started ends with it.
 */
export const scenario = <E>(name: string, seconds: number, run: (told: Told) => Effect.Effect<void, E, Scope.Scope>) =>
  it.live.skipIf(!areAllRun)(`${name} (seed ${seed})`, () => {
    const facts: Array<string> = []
    const began = performance.now()
    const line = (outcome: string) =>
      Effect.sync(() => say(`${outcome}  ${name}: ${[...facts, `${((performance.now() - began) / 1000).toFixed(0)} s in all`].join("; ")}`))
    return Effect.scoped(run({ seed, tell: (fact) => facts.push(fact) })).pipe(
      Effect.timeoutOrElse({ duration: `${seconds} seconds`, orElse: () => Effect.die(new Error(`not done after ${seconds} s`)) }),
      Effect.tap(() => line("EXACT ")),
      Effect.tapCause((cause) => {
        const again = `FAULTS_SEED=${seed} npm run test:faults -- -t "${name}"`
        return line(`FAILED (again: ${again}) ${Cause.pretty(cause).slice(0, 2000)}\n`)
      })
    )
  }, (seconds + 30) * 1000)

/** For a scenario that this machine cannot run: skipped, and said so loudly. */
export const notPossibleHere = (name: string, why: string) => {
  if (areAllRun) say(`SKIPPED ${name}: not possible here: ${why}`)
  it.skip(`${name}: not possible here: ${why}`)
}
